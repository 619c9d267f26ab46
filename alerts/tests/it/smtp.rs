//! A real mail server, as far as one letter needs it: it asks for a login, keeps the letter and says so.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it took.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    pub login: String,
    pub from: String,
    pub to: Vec<String>,
    pub letter: Vec<u8>,
}

#[derive(Clone, Default)]
pub struct Mailbox {
    taken: Arc<Mutex<Vec<Taken>>>,
    refusals: Arc<Mutex<u32>>,
    pub port: u16,
}

impl Mailbox {
    /// One that first refuses so many letters for now.
    pub async fn start(refusals: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mailbox = Self { port, refusals: Arc::new(Mutex::new(refusals)), ..Self::default() };
        let serving = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().talk(stream));
            }
        });
        mailbox
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    async fn talk(self, stream: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let mut taken = Taken::default();
        writer.write_all(b"220 test ESMTP\r\n").await?;
        let mut line = String::new();
        while reader.read_line(&mut line).await? > 0 {
            let words = line.trim_end().to_owned();
            line.clear();
            let reply = match words.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" => "250-test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
                "AUTH" => {
                    taken.login = words;
                    "235 welcome\r\n".to_owned()
                }
                "MAIL" => {
                    taken.from = words;
                    "250 ok\r\n".to_owned()
                }
                "RCPT" => {
                    taken.to.push(words);
                    "250 ok\r\n".to_owned()
                }
                "DATA" => {
                    writer.write_all(b"354 go on\r\n").await?;
                    taken.letter = letter(&mut reader).await?;
                    self.keep(std::mem::take(&mut taken))
                }
                "QUIT" => {
                    writer.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 ok\r\n".to_owned(),
            };
            writer.write_all(reply.as_bytes()).await?;
        }
        Ok(())
    }

    fn keep(&self, taken: Taken) -> String {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return "451 try again later\r\n".to_owned();
        }
        self.taken.lock().unwrap().push(taken);
        "250 taken\r\n".to_owned()
    }
}

async fn letter(reader: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut letter = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).await?;
        if line.is_empty() || line == b".\r\n" {
            return Ok(letter);
        }
        letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
