//! The rollup files are compiled in: a change in their folder is a change of the crate.

fn main() {
    println!("cargo::rerun-if-changed=rollups");
}
