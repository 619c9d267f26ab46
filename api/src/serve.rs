//! Running the server: from a listener to the last commit.
//!
//! Promise: only loopback listeners are served until there is identity; after the shutdown signal no new connection is
//! taken, requests under way get `grace` to end, and whatever was accepted is committed before `serve` returns.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::router::{self, App};
use crate::{Error, Result};

/// Serves until `shutdown` resolves, then commits what was accepted.
///
/// # Errors
/// [`Error::NotLoopback`] for a listener that other machines could reach (nothing is served, nothing is shut down), and
/// [`Error::Serve`] when the listener fails.
pub async fn serve<F>(app: App, listener: TcpListener, shutdown: F) -> Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let address = listener.local_addr()?;
    loopback_only(address)?;
    let (ingest, grace) = (app.ingest.clone(), app.options.grace);
    let (stopping, told) = watch::channel(false);
    let router = router::with_stopping(app, told);
    let (stopped, stop) = oneshot::channel();
    let signal = async move {
        shutdown.await;
        stopping.send_replace(true);
        // The receiver is gone only when the server has ended by itself.
        stopped.send(()).ok();
    };
    tracing::info!(%address, "serving");
    let serving = axum::serve(listener, router).with_graceful_shutdown(signal).into_future();
    let ended = tokio::select! {
        ended = serving => ended,
        () = out_of_patience(stop, grace) => {
            tracing::warn!("requests are still open after {} s; stopping without them", grace.as_secs());
            Ok(())
        }
    };
    ingest.shutdown().await;
    tracing::info!("stopped; everything accepted is committed");
    Ok(ended?)
}

/// Refuses an address that other machines could reach.
///
/// # Errors
/// [`Error::NotLoopback`].
pub fn loopback_only(address: SocketAddr) -> Result<()> {
    if address.ip().is_loopback() { Ok(()) } else { Err(Error::NotLoopback(address)) }
}

async fn out_of_patience(stop: oneshot::Receiver<()>, grace: Duration) {
    match stop.await {
        Ok(()) => tokio::time::sleep(grace).await,
        Err(_) => std::future::pending().await,
    }
}
