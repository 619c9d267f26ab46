//! Letters to a real mail server.

use base64::Engine;
use mail_parser::{MessageParser, MimeHeaders};
use xueqing_alerts::{Address, DeliveryState, Kind, Receiver, Secret, Smtp, Tls};

use crate::smtp::Mailbox;
use crate::world::{CLUSTER, HOUR, SECOND, World, judge, open, receiver};

fn mail(port: u16, tls: Tls) -> Receiver {
    let smtp = Smtp {
        host: "localhost".into(),
        port,
        tls,
        username: Some("alerts".into()),
        password: Some(Secret::new("mail-password")),
        from: "学情 <alerts@school.example>".into(),
        to: vec!["head@school.example".into(), "校长 <nurse@school.example>".into()],
    };
    Receiver { address: Address::Mail(smtp), ..receiver("head", Kind::Mail, "", None) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_has_both_shapes_and_is_tried_again() {
    let world = World::new().await;
    let mailbox = Mailbox::start(1).await;
    let head = mail(mailbox.port, Tls::None);
    let alerts = world.open(vec![head.clone()]).await;
    world.ill("2026-11-20", "c1", 3).await;
    judge(&alerts, CLUSTER).await;
    world.pass(11 * SECOND);
    alerts.deliver(&head).await;
    let failed = open(&alerts)[0].deliveries[0].clone();
    assert_eq!(failed.state, DeliveryState::Failed);
    let error = failed.error.unwrap();
    assert!(error.contains("try again later") && !error.contains("mail-password"), "{error}");
    world.pass(HOUR);
    alerts.deliver(&head).await;
    let taken = mailbox.taken();
    assert_eq!(taken.len(), 1);
    let login = taken[0].login.rsplit(' ').next().unwrap();
    assert_eq!(base64::engine::general_purpose::STANDARD.decode(login).unwrap(), b"\0alerts\0mail-password");
    assert_eq!(taken[0].to.len(), 2);
    let letter = MessageParser::default().parse(&taken[0].letter).unwrap();
    assert_eq!(letter.subject(), Some("学情：1 条预警（紧急）"));
    let text = letter.body_text(0).unwrap();
    assert!(text.contains("[紧急] 病假聚集: ") && text.contains("当天 3 例"), "{text}");
    assert!(text.contains("https://xueqing.example/?school=s1&class=c1"), "{text}");
    let html = letter.body_html(0).unwrap();
    assert!(html.contains("<b>紧急</b>") && html.contains("school=s1&amp;class=c1"), "{html}");
    assert_eq!(letter.content_type().map(|kind| kind.subtype()), Some(Some("alternative")));
    assert!(letter.message_id().is_some_and(|id| id.ends_with("@school.example")));
    assert_eq!(letter.date().unwrap().to_timestamp() * SECOND, crate::world::FRIDAY_EVENING + 11 * SECOND + HOUR);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_encryption_gets_no_password() {
    let world = World::new().await;
    let mailbox = Mailbox::start(0).await;
    let head = mail(mailbox.port, Tls::Starttls);
    let alerts = world.open(vec![head.clone()]).await;
    world.ill("2026-11-20", "c1", 3).await;
    judge(&alerts, CLUSTER).await;
    world.pass(11 * SECOND);
    alerts.deliver(&head).await;
    assert_eq!(open(&alerts)[0].deliveries[0].state, DeliveryState::Failed);
    assert!(mailbox.taken().is_empty());
}
