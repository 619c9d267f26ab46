//! Letters: a text and the same as a page, over SMTP.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls as SmtpTls, TlsParameters};
use lettre::{Message as Letter, SmtpTransport, Transport};

use crate::message::{Line, Message};
use crate::receiver::{Smtp, Tls};

/// Sends one letter; blocks until the server has taken it.
pub(crate) fn send(smtp: &Smtp, message: &Message, now: i64, timeout: Duration) -> Result<(), String> {
    let letter = letter(smtp, message, now)?;
    let transport = transport(smtp, timeout).map_err(|error| format!("TLS cannot be set up: {error}"))?;
    // What the server says may quote the address, never the password.
    transport.send(&letter).map(drop).map_err(|error| format!("the mail server did not take it: {error}"))
}

fn transport(smtp: &Smtp, timeout: Duration) -> Result<SmtpTransport, lettre::transport::smtp::Error> {
    let parameters = || TlsParameters::new(smtp.host.clone());
    let tls = match smtp.tls {
        Tls::Tls => SmtpTls::Wrapper(parameters()?),
        Tls::Starttls => SmtpTls::Required(parameters()?),
        Tls::None => SmtpTls::None,
    };
    let mut builder = SmtpTransport::builder_dangerous(smtp.host.clone()).port(smtp.port).tls(tls).timeout(Some(timeout));
    if let Some((username, password)) = smtp.username.clone().zip(smtp.password.as_ref()) {
        builder = builder.credentials(Credentials::new(username, password.reveal().to_owned()));
    }
    Ok(builder.build())
}

fn letter(smtp: &Smtp, message: &Message, now: i64) -> Result<Letter, String> {
    let mailbox = |text: &String| text.parse::<Mailbox>().map_err(|_| format!("\"{text}\" is no mail address"));
    let from = mailbox(&smtp.from)?;
    let domain = from.email.domain().to_owned();
    let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(now).unwrap_or_default());
    let mut builder =
        Letter::builder().from(from).subject(message.title()).date(date).message_id(Some(format!("<{}@{domain}>", message.id)));
    for to in &smtp.to {
        builder = builder.to(mailbox(to)?);
    }
    let parts = MultiPart::alternative_plain_html(text(message), html(message));
    builder.multipart(parts).map_err(|error| format!("the letter cannot be written: {error}"))
}

fn text(message: &Message) -> String {
    let line = |line: &Line| {
        let link = line.link.as_ref().map(|link| format!("\n  {link}")).unwrap_or_default();
        let (title, reason) = (message.say(&line.title), message.say(&line.reason));
        format!("[{}] {title}{}: {reason}{link}\n", message.mark(line), message.times(line))
    };
    let lines = message.lines.iter().map(line).chain(message.rest(0));
    format!("{}\n\n{}\n", message.title(), lines.collect::<Vec<_>>().join("\n"))
}

fn html(message: &Message) -> String {
    let item = |line: &Line| {
        let (title, reason) = (escaped(&message.say(&line.title)), escaped(&message.say(&line.reason)));
        let link = line.link.as_ref().map(|link| format!(" <a href=\"{}\">{}</a>", escaped(link), message.look()));
        let (mark, times) = (escaped(&message.mark(line)), message.times(line));
        format!("<li><b>{mark}</b> {title}{times}: {reason}{}</li>\n", link.unwrap_or_default())
    };
    let items: String = message.lines.iter().map(item).collect();
    let rest = message.rest(0).map(|rest| format!("<p>{rest}</p>\n")).unwrap_or_default();
    let lang = if message.english { "en" } else { "zh-CN" };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\"><meta charset=\"utf-8\"><body>\n<h3>{}</h3>\n<ul>\n{items}</ul>\n{rest}</body></html>\n",
        escaped(&message.title())
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
