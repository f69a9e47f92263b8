//! `compose schema`: what a manifest can contain, for editors.

use composer::manifest;

use crate::{
    exit::{Ended, Stop},
    output::Output,
};

pub(super) fn run(output: &Output) -> Result<Ended, Stop> {
    output.data(format!("{:#}\n", manifest::json_schema()))?;
    Ok(Ended::Well)
}
