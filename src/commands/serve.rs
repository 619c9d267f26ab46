//! `xueqing serve` – the dashboard and the API, until told to stop.
//!
//! Promise: Ctrl-C or a termination signal ends it after everything accepted is committed; the doors that fetch are closed first.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use xueqing_api::App;
use xueqing_pipeline::Rolling;

use crate::config::Environment;
use crate::failure::Failure;
use crate::output;
use crate::wiring::House;

const EXAMPLES: &str = "\
Examples · 例子:
  xueqing serve
  xueqing serve --address 127.0.0.1:9000
  xueqing serve --config xueqing.toml                       with [inbox], [mqtt], [kafka] · 投递文件夹、MQTT、Kafka 见配置文件
  curl -X POST --data-binary @day.ndjson http://127.0.0.1:8080/v1/events/homework
  curl 'http://127.0.0.1:8080/v1/metrics/workload/daily_minutes?by=day,grade'

There are no user accounts yet, so only this machine is served. · 尚无用户账号，只服务本机。";

/// Arguments of `xueqing serve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Where to listen [env: XUEQING_ADDRESS] [default: 127.0.0.1:8080] · 监听地址
    #[arg(long, value_name = "HOST:PORT")]
    pub address: Option<String>,
}

/// Serves.
pub async fn run(arguments: Arguments, house: House, environment: &Environment, machine: bool) -> anyhow::Result<()> {
    let address = address(arguments.address.as_deref().unwrap_or(&house.config.address))?;
    let listener = listen(address).await?;
    let app = app(&house, environment).await?;
    app.alerts.start(Arc::clone(app.ingest.rollups()));
    let (alerts, engine) = (app.alerts.clone(), app.engine.clone());
    let preparing = tokio::spawn(async move { engine.prepare().await });
    let sources = house.sources(&app.ingest)?;
    announce(&listener, &hints(&house), machine)?;
    let stopping = async move {
        stop().await;
        preparing.abort();
        tokio::join!(alerts.stop(), sources.stop());
    };
    Ok(xueqing_api::serve(app, listener, stopping).await?)
}

/// Which doors are open besides HTTP.
fn hints(house: &House) -> Vec<String> {
    let config = &house.config;
    let inbox = config.inbox.folder.as_ref().map(|folder| {
        format!("drop folder · 投递文件夹  {}", folder.join("inbox").join("<vendor or kind · 厂商或类别>").display())
    });
    let mqtt = config.mqtt.url.as_ref().map(|url| format!("MQTT  {url}"));
    let kafka = (!config.kafka.brokers.is_empty()).then(|| format!("Kafka  {}", config.kafka.brokers.join(", ")));
    let told = (!config.alerts.receivers.is_empty())
        .then(|| format!("alerts · 预警  {} receiver(s) · 接收方", config.alerts.receivers.len()));
    [inbox, mqtt, kafka, told].into_iter().flatten().collect()
}

/// Reads an address and refuses one that other machines could reach.
pub fn address(text: &str) -> anyhow::Result<SocketAddr> {
    let address = text.replace("localhost", "127.0.0.1").parse().map_err(|_| {
        Failure::new("address", format!("\"{text}\" is no address to listen on; use a host and a port such as 127.0.0.1:8080"))
    })?;
    xueqing_api::loopback_only(address)?;
    Ok(address)
}

/// Listens, or says who else may be there.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let message = format!("cannot listen on {address}: {error}; stop what uses the port, or choose another with --address");
        Failure::new("address_in_use", message).into()
    })
}

/// Everything that the server serves.
pub async fn app(house: &House, environment: &Environment) -> anyhow::Result<App> {
    let lake = house.lake()?;
    let ingest = house.ingest(&lake, Rolling::Following).await?;
    let engine = house.engine(&lake)?;
    let alerts = house.alerts(&lake, &engine, environment).await?;
    let limits = &house.config.http;
    let options = xueqing_api::Options {
        body_bytes: limits.body_mebibytes << 20,
        idle_timeout: Duration::from_secs(limits.idle_seconds),
        ..xueqing_api::Options::default()
    };
    Ok(App { ingest, engine, alerts, standard: Arc::clone(&house.standard), options })
}

/// Says where the server is, in both languages, and what to try.
pub fn announce(listener: &TcpListener, hints: &[String], machine: bool) -> anyhow::Result<()> {
    let url = format!("http://{}", listener.local_addr()?);
    if machine {
        return output::json(&json!({ "url": url, "docs": format!("{url}/docs") }));
    }
    let mut text = format!(
        "dashboard · 看板      {url}\n\
         API · 接口文档        {url}/docs\n\
         stop · 停止           Ctrl-C"
    );
    for hint in hints {
        text += &format!("\n  {hint}");
    }
    output::print(&text)
}

/// Resolves on Ctrl-C or a termination signal.
pub async fn stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn only_this_machine_is_served() {
        assert!(address("127.0.0.1:8080").is_ok() && address("localhost:0").is_ok() && address("[::1]:1").is_ok());
        assert!(address("0.0.0.0:8080").expect_err("refused").to_string().contains("refusing to listen"));
        assert!(address("8080").expect_err("refused").to_string().contains("127.0.0.1:8080"));
    }
}
