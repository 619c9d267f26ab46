//! The back door: `xueqing lake compact`, killed while it merges files and tidies logs. It may lose or double nothing either.

use std::process::Stdio;
use std::time::Duration;

use rand::rngs::StdRng;

use crate::support::District;
use crate::{Killed, moment};

const LONGEST: Duration = Duration::from_millis(1_500);

pub fn live(district: &District, dice: &mut StdRng) -> Killed {
    let mut command = district.command(&["lake", "compact", "--min-files", "2", "--json"]);
    let mut child = command.stdout(Stdio::null()).spawn().expect("the binary starts");
    std::thread::sleep(moment(dice, LONGEST));
    if let Some(status) = child.try_wait().expect("a child") {
        assert!(status.success(), "compact ended with {status}");
        return Killed::Ended;
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    Killed::Yes
}

/// Lets it come to its end, as it would between crashes that are not seconds apart.
pub fn finish(district: &District) {
    district.text(&["lake", "compact", "--json"]);
}
