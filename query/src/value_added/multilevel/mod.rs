//! Multilevel models.

pub mod dense; pub mod minimise; pub mod moments; pub mod nested; pub mod structure; pub mod likelihood; pub mod sparse; pub mod crossed;
