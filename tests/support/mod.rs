//! The real binary in a folder of its own: no lake, key or setting of the desk is ever touched.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The key of every test's lake, so that pseudonyms are the same in each run.
pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A working folder with its own lake.
pub struct District {
    folder: TempDir,
}

impl District {
    /// An empty one.
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    /// One that has taken the sample data in.
    pub fn of_sample_data() -> Self {
        let district = Self::new();
        district.json(&["ingest", &sample_data().to_string_lossy(), "--json"]);
        district
    }

    /// A path in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A call of the binary; nothing of the desk's environment reaches it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xueqing"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("XUEQING_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.folder.path()).env("XUEQING_LAKE", "lake").env("XUEQING_KEY", KEY);
        command
    }

    /// Runs to the end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// Runs, expects success, and gives standard output.
    pub fn text(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert!(done.status.success(), "xueqing {}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8")
    }

    /// Runs, expects success, and reads standard output as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.text(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("xueqing {}: {error} in {text}", arguments.join(" ")))
    }

    /// Runs, expects exit code 1, and gives what standard error says.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert_eq!(done.status.code(), Some(1), "xueqing {}", arguments.join(" "));
        assert!(done.stdout.is_empty(), "a failed call writes no answer");
        String::from_utf8(done.stderr).expect("UTF-8")
    }

    /// Serves on a free port.
    pub fn serve(&self) -> Server {
        Self::serve_by(self.command(&["serve", "--address", "127.0.0.1:0", "--json"]))
    }

    /// Serves by a call of `serve … --json`.
    pub fn serve_by(mut command: Command) -> Server {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line).expect("the address as JSON");
        Server { url: told["url"].as_str().expect("an address").to_owned(), child }
    }
}

/// A running server; killed when dropped.
pub struct Server {
    pub url: String,
    child: Child,
}

impl Server {
    /// The JSON at a path.
    pub fn json(&self, path: &str) -> Value {
        let answer = reqwest::blocking::get(format!("{}{path}", self.url)).expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().expect("JSON")
    }

    /// Sends a body.
    pub fn post(&self, path: &str, body: impl Into<reqwest::blocking::Body>) -> reqwest::blocking::Response {
        reqwest::blocking::Client::new().post(format!("{}{path}", self.url)).body(body).send().expect("an answer")
    }

    /// Asks it to end and waits.
    #[cfg(unix)]
    pub fn stop(mut self) -> std::process::ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The committed sample data.
pub fn sample_data() -> PathBuf {
    root().join("sample-data")
}

/// Every file below a folder, in order.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

/// Whether two answers are equal, floating-point numbers to 1e-9: threads may add them up in another order.
pub fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => {
            let (ours, theirs) = (ours.as_f64().unwrap_or(f64::NAN), theirs.as_f64().unwrap_or(f64::NAN));
            (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0)
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(name, ours)| theirs.get(name).is_some_and(|theirs| same(ours, theirs)))
        }
        _ => ours == theirs,
    }
}
