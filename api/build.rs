//! Builds again when the dashboard that gets embedded appears or changes.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let dashboard = ["../dashboard/dist", "../dashboard"].into_iter().find(|folder| Path::new(folder).exists());
    if let Some(folder) = dashboard {
        println!("cargo::rerun-if-changed={folder}");
    }
}
