//! `[alerts]`: who is told of alerts, and where the secrets for it are.
//!
//! Promise: a robot's URL, which holds its key, and every secret stand in files of their own or in the environment, never in
//! `xueqing.toml`; a receiver that could never be reached is refused when the program starts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use xueqing_alerts::{Address, Alerts, Kind, Options, QuietHours, Receiver, Secret, Setup, Smtp, Tls};
use xueqing_lake::Lake;
use xueqing_query::Engine;
use xueqing_query::alert::{Audience, Rules, Severity};

use crate::config::Environment;
use crate::failure::Failure;
use crate::wiring::{House, now};

/// How alerts are delivered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerting {
    /// Where people open the dashboard; links in messages begin with it.
    pub page: Option<String>,
    /// When nobody is disturbed, but for what must not wait.
    pub quiet_hours: Option<QuietHours>,
    pub gather_seconds: u64,
    pub first_retry_seconds: u64,
    pub longest_retry_seconds: u64,
    pub attempts: u32,
    pub receivers: Vec<Named>,
}

/// One receiver as the file names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub name: String,
    pub kind: Kind,
    /// Only of a webhook, whose URL holds no key.
    pub url: Option<String>,
    pub url_file: Option<PathBuf>,
    pub secret_file: Option<PathBuf>,
    #[serde(default)]
    pub language: xueqing_pipeline::Language,
    #[serde(default = "info")]
    pub severity: Severity,
    #[serde(default)]
    pub schools: Vec<String>,
    #[serde(default)]
    pub classes: Vec<String>,
    #[serde(default)]
    pub rules: Vec<String>,
    #[serde(default)]
    pub audience: Vec<Audience>,
    /// Instead of the general ones.
    pub quiet_hours: Option<QuietHours>,
    #[serde(default = "yes")]
    pub resolved: bool,
    /// `host` or `host:port` of a mail server.
    pub smtp: Option<String>,
    #[serde(default)]
    pub tls: Tls,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    pub from: Option<String>,
    #[serde(default)]
    pub to: Vec<String>,
}

fn info() -> Severity {
    Severity::Info
}

fn yes() -> bool {
    true
}

impl Default for Alerting {
    fn default() -> Self {
        Self {
            page: None,
            quiet_hours: None,
            gather_seconds: 10,
            first_retry_seconds: 30,
            longest_retry_seconds: 60 * 60,
            attempts: 10,
            receivers: Vec::new(),
        }
    }
}

impl Alerting {
    /// The files that it names.
    pub fn paths(&mut self) -> impl Iterator<Item = &mut Option<PathBuf>> {
        self.receivers.iter_mut().flat_map(|one| [&mut one.url_file, &mut one.secret_file, &mut one.password_file])
    }

    fn options(&self) -> Options {
        Options {
            gather: Duration::from_secs(self.gather_seconds),
            first_retry: Duration::from_secs(self.first_retry_seconds.max(1)),
            longest_retry: Duration::from_secs(self.longest_retry_seconds.max(self.first_retry_seconds)),
            attempts: self.attempts.max(1),
            ..Options::default()
        }
    }
}

impl House {
    /// The rules in force, checked against the engine's figures.
    pub fn rules(&self, engine: &Engine) -> anyhow::Result<Rules> {
        Ok(Rules::load(engine, self.rule_files())?)
    }

    /// Opens the alerts; they begin to watch when they are started.
    pub async fn alerts(&self, lake: &Lake, engine: &Engine, environment: &Environment) -> anyhow::Result<Alerts> {
        let config = &self.config.alerts;
        let receivers = config.receivers.iter().map(|named| receiver(named, config, environment));
        let receivers = receivers.collect::<anyhow::Result<Vec<_>>>()?;
        refuse_repeated(&receivers)?;
        let setup = Setup {
            lake: lake.clone(),
            engine: engine.clone(),
            rules: self.rules(engine)?,
            standard: Arc::clone(&self.standard),
            receivers,
            timezone: self.timezone,
            clock: Arc::new(|| now().timestamp_micros()),
            page: config.page.clone(),
            options: config.options(),
        };
        Ok(Alerts::open(setup).await?)
    }
}

fn refuse_repeated(receivers: &[Receiver]) -> anyhow::Result<()> {
    let repeated = |one: &&Receiver| receivers.iter().filter(|other| other.name == one.name).count() > 1;
    match receivers.iter().find(repeated) {
        None => Ok(()),
        Some(one) => Err(refused(&one.name, "two receivers have this name: the record could not tell them apart").into()),
    }
}

fn receiver(named: &Named, config: &Alerting, environment: &Environment) -> anyhow::Result<Receiver> {
    let address = match named.kind {
        Kind::Mail => Address::Mail(smtp(named, environment)?),
        _ => Address::Http(url(named, environment)?, secret(named, "SECRET", named.secret_file.as_deref(), environment)?),
    };
    let receiver = Receiver {
        name: named.name.clone(),
        kind: named.kind,
        address,
        english: named.language == xueqing_pipeline::Language::En,
        severity: named.severity,
        schools: named.schools.clone(),
        classes: named.classes.clone(),
        rules: named.rules.clone(),
        audience: named.audience.clone(),
        quiet_hours: named.quiet_hours.or(config.quiet_hours),
        resolved: named.resolved,
    };
    receiver.check()?;
    Ok(receiver)
}

fn url(named: &Named, environment: &Environment) -> anyhow::Result<Secret> {
    if let Some(url) = &named.url {
        let reason = "a robot's URL holds its key: put it into a file and name it as url_file, or into the environment";
        return if named.kind == Kind::Webhook { Ok(Secret::new(url)) } else { Err(refused(&named.name, reason).into()) };
    }
    secret(named, "URL", named.url_file.as_deref(), environment)?.ok_or_else(|| {
        let reason = format!("it has no URL: name a file as url_file, or set {}", variable(named, "URL"));
        refused(&named.name, &reason).into()
    })
}

fn smtp(named: &Named, environment: &Environment) -> anyhow::Result<Smtp> {
    let missing = |what: &str| refused(&named.name, &format!("mail needs {what}"));
    let server = named.smtp.as_deref().ok_or_else(|| missing("smtp = \"host:port\""))?;
    let usual = match named.tls {
        Tls::Tls => 465,
        Tls::Starttls => 587,
        Tls::None => 25,
    };
    let (host, port) = match server.rsplit_once(':') {
        None => (server, usual),
        Some((host, port)) => (host, port.parse().map_err(|_| missing("a port that is a number, as in mail.example.com:465"))?),
    };
    Ok(Smtp {
        host: host.to_owned(),
        port,
        tls: named.tls,
        username: named.username.clone(),
        password: secret(named, "PASSWORD", named.password_file.as_deref(), environment)?,
        from: named.from.clone().ok_or_else(|| missing("from = \"学情 <alerts@example.com>\""))?,
        to: named.to.clone(),
    })
}

/// A secret from the environment, else from its file.
fn secret(named: &Named, what: &str, file: Option<&Path>, environment: &Environment) -> anyhow::Result<Option<Secret>> {
    if let Some(value) = environment.get(&variable(named, what)) {
        return Ok(Some(Secret::new(value.trim())));
    }
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| refused(&named.name, &format!("{} cannot be read: {error}", file.display())))?;
    Ok(Some(Secret::new(text.trim())))
}

/// `XUEQING_ALERT_<NAME>_<WHAT>`, with `_` for what is no letter or digit.
fn variable(named: &Named, what: &str) -> String {
    let name = named.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("XUEQING_ALERT_{}_{what}", name.collect::<String>())
}

fn refused(name: &str, reason: &str) -> Failure {
    Failure::new("receiver", format!("receiver \"{name}\": {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Alerting {
        toml::from_str(text).expect("parses")
    }

    fn first(alerting: &Alerting, environment: &Environment) -> anyhow::Result<Receiver> {
        receiver(&alerting.receivers[0], alerting, environment)
    }

    #[test]
    fn secrets_come_from_files_or_the_environment() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("wecom.url");
        std::fs::write(&file, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hidden\n").expect("written");
        let text =
            format!("quiet_hours = '22:00-07:00'\n[[receivers]]\nname = 'head office'\nkind = 'wecom'\nurl_file = {file:?}\n");
        let from_file = first(&read(&text), &Environment::default()).expect("a receiver");
        assert_eq!(from_file.quiet_hours.map(|hours| hours.to_string()).as_deref(), Some("22:00-07:00"));
        assert!(!format!("{from_file:?}").contains("hidden"));
        let environment = Environment::of([("XUEQING_ALERT_HEAD_OFFICE_URL", "https://x.example/?key=1")]);
        let Address::Http(url, _) = first(&read(&text), &environment).expect("a receiver").address else { panic!("no URL") };
        assert_eq!(url, Secret::new("https://x.example/?key=1"));
    }

    #[test]
    fn what_cannot_be_used_is_told_without_a_secret() {
        for (text, words) in [
            ("kind = 'feishu'\nurl = 'https://x/?key=hidden'", "holds its key"),
            ("kind = 'dingtalk'", "XUEQING_ALERT_R_URL"),
            ("kind = 'webhook'\nurl = 'ftp://hidden'", "https://"),
            ("kind = 'mail'\nfrom = 'a@b.example'", "smtp"),
            ("kind = 'mail'\nsmtp = 'm.example'\nfrom = 'nobody'\nto = ['a@b.example']", "no mail address"),
            ("kind = 'webhook'\nurl_file = '/nowhere/hidden'", "cannot be read"),
        ] {
            let alerting = read(&format!("[[receivers]]\nname = 'r'\n{text}\n"));
            let error = first(&alerting, &Environment::default()).expect_err("refused").to_string();
            assert!(error.contains("receiver \"r\"") && error.contains(words), "{error}");
            assert!(!error.contains("key=hidden"), "{error}");
        }
    }
}
