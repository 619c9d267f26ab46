//! A real MQTT broker (mosquitto) on a free port of this machine, in a folder of its own, and someone who publishes to it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tempfile::TempDir;

pub struct Broker {
    pub folder: TempDir,
    pub port: u16,
    child: Option<Child>,
}

impl Broker {
    /// Starts one that keeps its sessions over a restart; `more` is added to its configuration.
    pub fn start(more: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let port = free_port();
        let place = folder.path().display();
        let settings = format!(
            "listener {port} 127.0.0.1\npersistence true\npersistence_location {place}/\nuser root\nlog_dest file {place}/log\n\
             max_queued_messages 0\n{more}\n"
        );
        std::fs::write(folder.path().join("conf"), settings).expect("written");
        let mut broker = Self { folder, port, child: None };
        broker.resume();
        broker
    }

    pub fn resume(&mut self) {
        let started = Command::new(program())
            .arg("-c")
            .arg(self.folder.path().join("conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(started.expect("mosquitto starts: apt-get install mosquitto"));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(10), "mosquitto does not listen: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end; it saves its sessions.
    pub fn pause(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        child.wait().expect("it ends");
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Publishes, and returns when the broker has taken all.
    pub async fn publish(&self, messages: Vec<(String, Vec<u8>)>) {
        let mut options = MqttOptions::new("publisher", "127.0.0.1", self.port);
        options.set_max_packet_size(1 << 20, 1 << 20).set_inflight(1000);
        let (client, mut events) = AsyncClient::new(options, 100);
        let count = messages.len();
        let sending = tokio::spawn(async move {
            for (topic, payload) in messages {
                client.publish(topic, QoS::AtLeastOnce, false, payload).await.expect("queued");
            }
            client
        });
        let mut taken = 0;
        while taken < count {
            if let Event::Incoming(Packet::PubAck(_)) = events.poll().await.expect("the broker answers") {
                taken += 1;
            }
        }
        sending.await.expect("no panic").disconnect().await.ok();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn program() -> PathBuf {
    let sbin = Path::new("/usr/sbin/mosquitto");
    if sbin.is_file() { sbin.to_owned() } else { "mosquitto".into() }
}
