//! Rebuilds the crate when a figure is added or removed.
fn main() {
    println!("cargo::rerun-if-changed=metrics");
}
