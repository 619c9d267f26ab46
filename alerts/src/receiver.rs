//! Who is told, and how: what a configuration says of a receiver.
//!
//! Promise: a secret is never shown: not in a log, not in an error, not in the record.

use std::fmt;
use std::net::IpAddr;

use serde::Deserialize;
use url::Url;
use xueqing_query::alert::{Audience, Severity};

use crate::book::Alert;
use crate::{Error, QuietHours, Result};

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a receiver speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// JSON with an HMAC signature.
    Webhook,
    /// A group robot of WeCom (企业微信).
    Wecom,
    /// A custom robot of DingTalk (钉钉).
    Dingtalk,
    /// A custom bot of Feishu (飞书).
    Feishu,
    Mail,
}

/// How mail is encrypted on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// From the first byte, usually port 465.
    #[default]
    Tls,
    /// Asked for after the greeting, usually port 587; refused when the server does not offer it.
    Starttls,
    /// For a server on this machine or in a closed network.
    None,
}

/// A mail server and the letters' head.
#[derive(Debug, Clone)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub from: String,
    pub to: Vec<String>,
}

/// Where messages go.
#[derive(Debug, Clone)]
pub enum Address {
    /// The URL is secret: that of a robot holds its key. The second secret signs.
    Http(Secret, Option<Secret>),
    Mail(Smtp),
}

/// One receiver.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// In the record: once used, it stays.
    pub name: String,
    pub kind: Kind,
    pub address: Address,
    pub english: bool,
    /// The least grave that is told.
    pub severity: Severity,
    /// Any, when empty.
    pub schools: Vec<String>,
    pub classes: Vec<String>,
    pub rules: Vec<String>,
    pub audience: Vec<Audience>,
    pub quiet_hours: Option<QuietHours>,
    /// Whether it is told of the end, too.
    pub resolved: bool,
}

impl Receiver {
    /// Whether an alert is for it.
    pub(crate) fn wants(&self, alert: &Alert) -> bool {
        let any =
            |wanted: &[String], found: Option<&String>| wanted.is_empty() || found.is_some_and(|found| wanted.contains(found));
        any(&self.schools, alert.place.school.as_ref())
            && any(&self.classes, alert.place.class.as_ref())
            && any(&self.rules, Some(&alert.rule))
            && (self.audience.is_empty() || self.audience.iter().any(|one| alert.audience.contains(one)))
    }

    /// Refuses what could never be delivered.
    ///
    /// # Errors
    /// `receiver` with its name and what to change; no secret is in the words.
    pub fn check(&self) -> Result<()> {
        let refused = |reason: &str| Error::Receiver { name: self.name.clone(), reason: reason.to_owned() };
        match (&self.address, self.kind) {
            (Address::Http(..), Kind::Mail) => Err(refused("mail goes to a mail server: give smtp, from and to")),
            (Address::Mail(_), kind) if kind != Kind::Mail => Err(refused("this kind needs the robot's or service's URL")),
            (Address::Http(url, _), _) => {
                let url = Url::parse(url.reveal().trim()).map_err(|_| refused("its URL cannot be read"))?;
                if matches!(url.scheme(), "http" | "https") && url.has_host() {
                    Ok(())
                } else {
                    Err(refused("its URL must begin with https:// (or http:// within a closed network)"))
                }
            }
            (Address::Mail(smtp), _) => check_mail(smtp).map_err(|reason| refused(&reason)),
        }
    }
}

fn check_mail(smtp: &Smtp) -> std::result::Result<(), String> {
    let mailbox = |text: &String| match text.parse::<lettre::message::Mailbox>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("\"{text}\" is no mail address: write name@example.com or 学情 <name@example.com>")),
    };
    if smtp.to.is_empty() {
        return Err("to is empty: give at least one mail address".to_owned());
    }
    let local = smtp.host == "localhost" || smtp.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if smtp.tls == Tls::None && smtp.password.is_some() && !local {
        return Err("a password would travel unencrypted: set tls = \"tls\" or \"starttls\"".to_owned());
    }
    mailbox(&smtp.from)?;
    smtp.to.iter().try_for_each(mailbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(kind: Kind, address: Address) -> Receiver {
        let (name, english, severity) = ("r".to_owned(), false, Severity::Info);
        let (schools, classes, rules, audience) = Default::default();
        Receiver { name, kind, address, english, severity, schools, classes, rules, audience, quiet_hours: None, resolved: false }
    }

    #[test]
    fn secrets_are_not_shown() {
        let url = Secret::new("ftp://robot/?key=hidden");
        let wrong = receiver(Kind::Wecom, Address::Http(url, Some(Secret::new("hidden"))));
        assert!(!format!("{wrong:?}").contains("hidden"));
        let error = wrong.check().unwrap_err();
        assert_eq!(error.code(), "receiver");
        assert!(error.to_string().contains("https://") && !error.to_string().contains("hidden"), "{error}");
    }

    #[test]
    fn a_password_does_not_travel_in_the_open() {
        let smtp = Smtp {
            host: "mail.example.com".into(),
            port: 25,
            tls: Tls::None,
            username: Some("u".into()),
            password: Some(Secret::new("p")),
            from: "学情 <alerts@example.com>".into(),
            to: vec!["head@example.com".into()],
        };
        let open = receiver(Kind::Mail, Address::Mail(smtp.clone()));
        assert!(open.check().unwrap_err().to_string().contains("unencrypted"));
        let sealed = Smtp { tls: Tls::Starttls, ..smtp.clone() };
        assert!(receiver(Kind::Mail, Address::Mail(sealed.clone())).check().is_ok());
        let nobody = Smtp { to: vec!["nobody".into()], ..sealed };
        assert!(
            receiver(Kind::Mail, Address::Mail(nobody))
                .check()
                .unwrap_err()
                .to_string()
                .contains("\"nobody\" is no mail address")
        );
    }
}
