//! Rebuilds the crate when a file of the data standard is added or removed.
fn main() {
    for folder in ["kinds", "codes", "vendors"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
