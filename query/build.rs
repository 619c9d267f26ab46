//! Rebuilds the crate when a figure, a study or an alert rule is added or removed.
fn main() {
    println!("cargo::rerun-if-changed=alerts");
    println!("cargo::rerun-if-changed=metrics");
    println!("cargo::rerun-if-changed=studies");
}
