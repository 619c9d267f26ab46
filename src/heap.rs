//! As many heaps as cores. glibc opens eight for each core, and what one thread puts into one and another takes out stays there: taking
//! in three million events held a gigabyte, where it needs 700 MiB, in the same time.
//!
//! The C library reads its settings before the first line of a program runs, so the program starts itself again. Where that is not
//! possible or somebody chose the settings, everything goes on as it is.

use crate::config::Environment;

/// Where the C library is told how many; both say that somebody has chosen.
pub(crate) const HEAPS: [&str; 2] = ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"];

/// Becomes the same program with few heaps, unless it is that already.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn few(environment: &Environment) {
    use std::os::unix::process::CommandExt;
    use std::process::Command;
    use std::{env, thread};

    if HEAPS.iter().any(|name| environment.get(name).is_some()) {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let heaps = thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_else(|| program.clone().into());
    // Returns only if it could not.
    let _refused = Command::new(program).arg0(name).args(arguments).env(HEAPS[0], heaps.to_string()).exec();
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn few(_: &Environment) {}
