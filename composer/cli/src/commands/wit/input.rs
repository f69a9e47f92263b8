//! What an argument that names WIT means: from its text to what was read, with registries opened only for a source that needs them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use composer::{
    diagnostic::{Code, Diagnostic, Failure, nearest},
    driver::{self, Wit, WitReader, unreadable_wit},
    manifest::{Manifest, WitRules},
    wit_source::{InvalidWitSource, WitName, WitSource},
};
use wit::{Features, Package, World};

use crate::{
    args::{ManifestOptions, WitFeatureArgs},
    exit::{Complaint, Stop},
    output::Output,
    session::{Registries, manifest_around},
};

/// The means to read what arguments name.
pub(crate) struct Inputs<'a> {
    options: &'a ManifestOptions,
    output: &'a Output,
}

/// What an argument names, read.
pub(crate) struct Input {
    wit: Wit,
    /// The world that was named, by the argument or beside it.
    world: Option<String>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(options: &'a ManifestOptions, output: &'a Output) -> Self {
        Self { options, output }
    }

    /// Reads what `wit` names, and which world of it is meant. A world that is named with its package needs no `wit`.
    ///
    /// # Errors
    /// When the arguments name two worlds, or what they name cannot be read.
    pub(crate) fn read(&self, wit: &str, world: Option<&str>) -> Result<Input, Stop> {
        let (text, world) = match world {
            Some(qualified) if WitName::is_qualified(qualified) => (qualified, None),
            world => (wit, world),
        };
        let name: WitName = text.parse().map_err(|error| Stop::Failure(invalid(text, &error).into()))?;
        if let (Some(named), Some(other)) = (&name.world, world) {
            return Err(Stop::Usage(Complaint {
                message: format!("two worlds are named: `{named}` and `{other}`"),
                hints: vec![format!("leave `--world {other}` out")],
            }));
        }
        let wit = self.wit(&name.source)?;
        Ok(Input { wit, world: name.world.or_else(|| world.map(str::to_owned)) })
    }

    /// What the manifest around says about rules; nothing where there is none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn rules(&self) -> Result<Option<(WitRules, Manifest)>, Failure> {
        Ok(manifest_around(self.options)?.map(|(manifest, _)| (manifest.wit.clone(), manifest)))
    }

    fn wit(&self, source: &WitSource) -> Result<Wit, Stop> {
        let around = match source {
            WitSource::Path(_) | WitSource::Revision(_) => {
                return Ok(driver::read_local_wit(Path::new(""), source).map_err(Failure::from)?);
            }
            WitSource::Package { .. } => manifest_around(self.options)?,
            WitSource::Reference(_) => None,
        };
        let found = self.registries(around.as_ref(), async |reader| reader.read(source).await)?;
        Ok(found)
    }

    /// Works with registries, as the manifest that is around has them.
    ///
    /// # Errors
    /// What is found, and when the store cannot be opened.
    pub(crate) fn registries<T>(
        &self,
        around: Option<&(Manifest, PathBuf)>,
        work: impl AsyncFnOnce(&WitReader<'_>) -> Result<T, Failure>,
    ) -> Result<T, Stop> {
        let around = around.map(|(manifest, path)| (manifest, path.as_path()));
        let registries = Registries::new(self.options, self.output)?;
        let found = registries.wait_for(async |registries| {
            let (client, rules) = (&registries.client, &registries.rules);
            work(&WitReader { client, rules, around, directory: Path::new("") }).await
        })?;
        Ok(found)
    }

    pub(crate) fn options(&self) -> &'a ManifestOptions {
        self.options
    }
}

impl Input {
    /// The package; of a component, the one that its world is printed as.
    ///
    /// # Errors
    /// When WIT cannot say what the component's type does.
    pub(crate) fn package(&self) -> Result<Package, Failure> {
        self.wit.package().map_err(|error| unreadable_wit(&error).into())
    }

    /// Whether it is a component, rather than WIT.
    pub(crate) fn is_component(&self) -> bool {
        matches!(self.wit, Wit::Component { .. })
    }

    /// The world that is meant.
    ///
    /// # Errors
    /// When there is no such world.
    pub(crate) fn world(&self, features: &Features) -> Result<World, Failure> {
        self.wit.world(self.world_name(), features).map_err(|error| unreadable_wit(&error).into())
    }

    /// What somebody exports who provides it.
    pub(crate) fn provider(&self, features: &Features) -> World {
        self.wit.provider(features)
    }

    /// The world's name, if one is given.
    pub(crate) fn world_name(&self) -> Option<&str> {
        self.world.as_deref()
    }
}

/// The features that arguments turn on.
pub(crate) fn features(arguments: &WitFeatureArgs) -> Features {
    if arguments.all_features { Features::All } else { Features::Only(arguments.features.iter().cloned().collect()) }
}

/// Reads the package that a path names.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn package(path: &str) -> Result<Package, Failure> {
    let wit = driver::read_local_wit(Path::new(""), &WitSource::Path(PathBuf::from(path)))?;
    wit.package().map_err(|error| unreadable_wit(&error).into())
}

/// Says which features the arguments turn on that nothing in the packages is behind.
pub(crate) fn unknown_features(arguments: &WitFeatureArgs, packages: &[&Package]) -> Vec<Diagnostic> {
    let known: BTreeSet<&str> = packages.iter().flat_map(|package| package.features()).collect();
    let unknown = arguments.features.iter().filter(|feature| !known.contains(feature.as_str()));
    let warning = |feature: &String| {
        let message = format!("nothing is behind the feature `{feature}`");
        let warning = Diagnostic::warning(Code::UnknownName, message);
        let names: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
        match (nearest(feature, known.iter().copied()), &names[..]) {
            (Some(near), _) => warning.hint(format!("did you mean `{near}`?")),
            (None, []) => warning.note("nothing there is behind any"),
            (None, names) => warning.note(format!("the features there are {}", names.join(", "))),
        }
    };
    unknown.map(warning).collect()
}

fn invalid(text: &str, error: &InvalidWitSource) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(Code::InvalidValue, format!("`{text}` names no WIT")).note(error.to_string()).causes(error);
    match error {
        InvalidWitSource::Requirement(_) => diagnostic
            .note("a version is `1.2.3`; a requirement is `^1.2`, `~1.2.3`, `>=1, <3`, `=1.2.3` or `*`")
            .hint("the newest version is meant by the name alone"),
        _ => diagnostic,
    }
}
