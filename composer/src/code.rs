//! The stable codes of diagnostics: what each is called, who is to blame, and what `compose explain` says about it.
//!
//! A code never changes its meaning; one that is no longer given stays explained.

/// Whose doing a failure is; the order is from least to most severe, and decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blame {
    /// The manifest, the lock, a component or the command's own findings: exit status 1.
    Input,
    /// A registry, the network or the machine: exit status 3.
    Environment,
    /// This program: exit status 101.
    Bug,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $blame:ident, $explanation:literal;)+) => {
        /// A stable name for a kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in the order of the phases that give them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name that messages show in brackets.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Whose doing it is.
            pub fn blame(self) -> Blame {
                match self { $(Self::$variant => Blame::$blame,)+ }
            }

            /// What it is about, in a sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii_start(),)+ }
            }

            /// What it means, why it is an error and what to do: some paragraphs of Markdown.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)+ }
            }
        }
    };
}

codes! {
    /// The manifest cannot be found.
    ManifestNotFound = "manifest-not-found", Input,
"`compose` looks for `compose.toml` in the current directory and then in each directory above it.

Start an application with `compose init`, or name its manifest with `--manifest-path`.";

    /// The manifest cannot be read, or is not UTF-8 text.
    ManifestUnreadable = "manifest-unreadable", Input,
"The manifest exists but is not a readable UTF-8 text file. TOML is UTF-8 by definition; an editor that saved the file in
another encoding can usually convert it.";

    /// The manifest is not TOML.
    ManifestSyntax = "manifest-syntax", Input,
"The manifest is not valid TOML (https://toml.io). A name that is given twice in one table is such an error as well: each
component, instance, link and registry has one entry.";

    /// The manifest has a key that means nothing.
    UnknownKey = "unknown-key", Input,
"The manifest has a key that `compose` does not know. Unknown keys are refused because a misspelt one would otherwise be
ignored silently.

The sections are `[package]`, `[workspace]`, `[world]`, `[registries]`, `[components]`, `[instances]`, `[links.INSTANCE]`,
`[chains]`, `[host]`, `[exports]` and `[build]`.";

    /// The manifest has a value of the wrong type.
    WrongType = "wrong-type", Input,
"A key of the manifest has a value of another type than it needs: a number where a string belongs, for instance.";

    /// The manifest has a value of the right type that cannot be used.
    InvalidValue = "invalid-value", Input,
"A value, in the manifest or in a call, has the right type, but its text is not what is needed there. Names are kebab-case words, packages
are `namespace:name`, versions are `1.2.3`, version requirements are like Cargo's (`^1.2`, `~1.2.3`, `>=1, <3`, `*`),
interfaces are `namespace:package/interface` with an optional `@version`.";

    /// The manifest lacks a key.
    MissingKey = "missing-key", Input,
"A section or an entry of the manifest lacks a key that it cannot do without.";

    /// Two keys of the manifest exclude each other.
    ConflictingKeys = "conflicting-keys", Input,
"Two keys of one entry say different things about the same matter; a component, for instance, comes from a path, or from a
registry package, or from an OCI reference, and not from two of them.";

    /// Two instances have one name.
    DuplicateInstance = "duplicate-instance", Input,
"Every component is an instance of its own name unless `[instances]` uses it. An instance in `[instances]` therefore cannot
have the name of another component that is an instance already.";

    /// A name refers to no component.
    UnknownComponent = "unknown-component", Input,
"An entry of `[instances]` names a component that `[components]` does not have.";

    /// A name refers to no instance.
    UnknownInstance = "unknown-instance", Input,
"A link, a chain, an export or a host rule names an instance that the application does not have. The instances are the
entries of `[instances]`, and every component that no such entry uses. A component that `[instances]` uses is not an instance
by its own name.";

    /// A name refers to no registry.
    UnknownRegistry = "unknown-registry", Input,
"A component or a namespace names a registry that `[registries]` does not have, or `[registries]` names a directory that does not
exist.";

    /// No registry is known for a package.
    NoRegistry = "no-registry", Input,
"A registry package is looked up in the registry that its own `registry` key names, else in the one that
`[registries.namespaces]` gives for its namespace, else in `[registries] default`. The user's own `compose/config.toml` and wkg's
configuration can say it as well; `wasi` and `ba` have a registry without any of them. None of these says anything about this
package. `compose doctor` shows which files were read, and which rule counts for a package.";

    /// A configuration file cannot be used.
    ConfigurationInvalid = "configuration-invalid", Input,
"A file or a variable outside of the manifest that says where packages come from, or how registries are spoken to, cannot be read or
understood. Going on without it could take a package from another registry than the one that is meant; it is therefore an error where a package's
registry could hinge on it.

The files are `compose/config.toml` in the user's configuration directory, or what `COMPOSE_CONFIG` names, and `wasm-pkg/config.toml`
there, or what `WKG_CONFIG_FILE` names. `compose doctor` shows which are read.";

    /// Credentials cannot be read or kept.
    CredentialsUnusable = "credentials-unusable", Environment,
"A file of credentials (Docker's `config.json`, containers' `auth.json`) or a variable with one cannot be read, understood or written, or
holds something else than credentials. `compose login` keeps credentials in such a file, and leaves alone one that it does not understand.";

    /// A credential helper failed.
    CredentialHelper = "credential-helper", Environment,
"A file of credentials names a helper, a program `docker-credential-NAME`, that keeps the credential for a registry, and it could not be run
or failed. It is not silently replaced by anonymous access. Run the helper by itself to see what is wrong, or take it out of the file.";

    /// A host does not say in a usable way which registry it is.
    RegistryMetadata = "registry-metadata", Environment,
"Where a host alone is named as a registry, as in wkg's configuration, its document `/.well-known/wasm-pkg/registry.json` says which registry
that is. Here the document is malformed, or names what this build of `compose` cannot talk to. Whoever runs the host can mend it;
until then, name the registry itself (`oci://HOST/PREFIX`) under `[registries]`.";

    /// A registry scheme that this build does not have.
    UnsupportedRegistry = "unsupported-registry", Input,
"The registry's kind is known but this build of `compose` cannot talk to it.";

    /// A local file cannot be read.
    FileUnreadable = "file-unreadable", Input,
"A file that the manifest or the command line names cannot be read. Paths in a manifest are relative to the directory of that
manifest, those on the command line to the current directory.";

    /// A file is no component.
    NotAComponent = "not-a-component", Input,
"`compose` links components of the WebAssembly Component Model. A core module (what most compilers emit for the targets
`wasm32-unknown-unknown` and `wasm32-wasip1`) becomes a component with `wasm-tools component new`; a WIT package describes
interfaces and holds no code; a file of text is accepted when it is the component text format.";

    /// A component is damaged.
    InvalidComponent = "invalid-component", Input,
"The bytes begin like a component but are not a valid one: truncated by a broken copy or download, or made by a tool that is
newer than the WebAssembly features `compose` knows.";

    /// A component uses what composing cannot handle.
    UnsupportedComponent = "unsupported-component", Input,
"The component is valid, but imports or exports something that WIT cannot express (a core module, a component, a value), so it
cannot be linked by interface.";

    /// Folders with manifests contain each other.
    NestedCycle = "nested-cycle", Input,
"A component may be a folder with a `compose.toml` of its own; it is built first. Here such a folder needs, in the end,
itself.";

    /// The target world cannot be read.
    WorldUnreadable = "world-unreadable", Input,
"WIT is a directory of `.wit` files (with what it refers to in `deps/`), one such file, an encoded package, a component, a package in
a registry (`wasi:http@0.2`, or `wasi:http/proxy@0.2` for a world of it), an artifact (`oci://HOST/REPOSITORY:TAG`) or what a revision
of a git repository has (`git:REVISION:PATH`). This one cannot be read, or has not the world that is meant.";

    /// The `deps` of a WIT directory are not what it needs.
    WitOutOfDate = "wit-out-of-date", Input,
"`compose wit fetch --check` fails where `compose wit fetch` would write something. Run it without `--check` and commit what it
writes: `deps`, and `compose.lock`.";

    /// A package cannot be found in its registry.
    PackageNotFound = "package-not-found", Environment,
"The registry answered, and does not have the package.";

    /// A package has no version that satisfies the requirement.
    VersionNotFound = "version-not-found", Input,
"The registry has the package, but no version of it that the requirement allows. A pre-release is chosen only when the
requirement names one.";

    /// Versions that satisfy their requirements do not fit together.
    VersionConflict = "version-conflict", Input,
"Every entry has versions that satisfy its requirement, but no choice of them works as a whole: a version of one component
imports an interface that no allowed version of its provider exports on the same semver track and with the same types, or
two entries of one package are on one semver track and have no version in common.

What versions import and export is read from their registry, and checked against their bytes before anything is built. Widen a
requirement, link the import to another instance, or use a version that was built against the same interface.";

    /// Something is needed that is only in the network.
    Offline = "offline", Environment,
"`--offline` (and `--frozen`) never use the network. What is needed is neither in `compose.lock` and the store nor in a
directory registry. Run `compose fetch` while online: it puts everything an application needs into the store.";

    /// A registry refused access.
    Unauthorized = "unauthorized", Environment,
"The registry wants credentials, or refused the ones it was given. They are looked for in this order: variables
(`COMPOSE_REGISTRY_<HOST>_USERNAME` and `…_PASSWORD`, or `…_TOKEN`; `WKG_REGISTRY_<HOST>_AUTH_BEARER`), the file in `REGISTRY_AUTH_FILE`, containers'
`auth.json`, Docker's `config.json`, wkg's configuration; a file may name a helper. Ones that are refused are never silently replaced by anonymous access.

`compose login REGISTRY` keeps a user name and a password or a token, `compose doctor` shows which credential counts for a registry and whether it is accepted.";

    /// A warg registry says what cannot be believed.
    RegistryUntrusted = "registry-untrusted", Environment,
"A warg registry keeps a log to which records are only ever added, and proves with every answer that it did nothing else. Here a
signature, a proof or the age of its checkpoint is not as it must be, its operator is another than it was, or its log is not
a continuation of what was seen before. Either it was set up anew, or somebody is in its place: nothing that it says is used.

What is known of a registry is kept in the store, under `logs`, and in `compose.lock`. `operator-key` beside its `url` in the
manifest says whose word counts, so that not even the first contact has to be believed.";

    /// A warg registry does not have the namespace.
    NamespaceNotDefined = "namespace-not-defined", Environment,
"The packages of a warg registry are in namespaces, which its operator defines in its log, or says to be another registry's.";

    /// There is no key to sign with.
    SigningKey = "signing-key", Input,
"What is published in a warg registry is signed. The private key is in a file that `--signing-key` names, or in the variable
`COMPOSE_SIGNING_KEY`: `ecdsa-p256:` and base64, as `warg key new` and `compose key new` write it.";

    /// A key may not change a log in this way.
    KeyNotAllowed = "key-not-allowed", Environment,
"Who may release or withdraw versions of a package is in the package's own log: whoever published it first, and whoever they allowed it
with `compose key grant`. A registry may also take records from some keys alone, which whoever runs it decides. `compose key show` prints
the public key that others can allow, and the fingerprint that messages have.";

    /// A registry or the network failed.
    RegistryFailure = "registry-failure", Environment,
"The registry could not be reached, or its answer was not one that the OCI distribution specification allows. `compose doctor` shows which
registries answer. A certificate of a private authority is trusted when `COMPOSE_CA_FILE`, or `ca` in the user's `compose/config.toml`, names it;
plain http is used for this machine, and for hosts that are marked for it there or in `COMPOSE_INSECURE`.";

    /// Bytes do not have their digest.
    DigestMismatch = "digest-mismatch", Environment,
"The bytes that arrived are not those that the digest names. They were thrown away. Either they were damaged on their way, or
somebody changed them.";

    /// The artifact holds no component.
    NotAComponentArtifact = "not-a-component-artifact", Environment,
"The reference exists, but what it names is not the Wasm OCI artifact: an image manifest with one layer of type
`application/wasm`.";

    /// The store failed.
    StoreFailure = "store-failure", Environment,
"The store keeps what was downloaded, in the user's cache directory (`COMPOSE_CACHE` names another one). It could not be read
or written.";

    /// The lock cannot be read.
    LockInvalid = "lock-invalid", Input,
"`compose.lock` is written by `compose`. If a merge left conflict marks in it, take either side and run `compose lock`.";

    /// The lock does not fit the manifest.
    LockOutOfDate = "lock-out-of-date", Input,
"`--locked` (and `--frozen`) fail where `compose.lock` would have to change: a build must then use what was reviewed. Run
`compose lock` without them and commit the lock.";

    /// A tag or a version names other bytes than it did.
    TagMoved = "tag-moved", Input,
"The lock says which image manifest a tag, or a version, stood for when it was chosen, and the registry answers with another
one by now: somebody pushed it again. `--locked` and `compose lock --check` refuse that, so that it is never taken silently;
`compose update NAME` takes what is there now, and shows the change. A reference by digest cannot move.";

    /// A component cannot be removed.
    StillReferenced = "still-referenced", Input,
"`compose remove` takes with a component what is only about it: its instances, their links and their host rules. Lines about
others that name it (links of other instances, chains, exports) are decisions that somebody made; it names them and changes
nothing, unless `--force` says that they go as well.";

    /// A member of a workspace is not there.
    WorkspaceMember = "workspace-member", Input,
"`[workspace] members` names directories with a `compose.toml` each, in whose paths `*` stands for any characters. Directories
that a pattern with `*` finds and that have no manifest are passed over; one that is named must have one.";

    /// Nobody provides an import.
    MissingProvider = "missing-provider", Input,
"An instance imports an interface that no other instance exports and that the host may not provide.

For each import, in this order: an explicit link in `[links.INSTANCE]`; a chain in `[chains]`; the one instance that exports
the interface, under the same name or on the same semver track with a compatible type; the host, where `[host]` allows it.

Components on the same semver track are interchangeable only when the types agree; the notes say where they do not.";

    /// Several instances provide an import.
    AmbiguousProvider = "ambiguous-provider", Input,
"Several instances export an interface that another one imports. `compose` never guesses: a line under `[links.INSTANCE]`
decides.";

    /// The provider that was chosen does not fit.
    IncompatibleProvider = "incompatible-provider", Input,
"An instance was chosen to provide an interface, by a link, a chain, or because it alone exports it, but its types differ
from those that the consumer was compiled against. An instance may export more than is asked, but functions and types must be
equal.";

    /// A link names an import that the consumer does not have.
    UnknownImport = "unknown-import", Input,
"A key under `[links.INSTANCE]` is an import of that instance. Without a version it means whatever version the instance
imports.";

    /// A link or an export names an export that the provider does not have.
    UnknownExport = "unknown-export", Input,
"The instance that is named does not export the interface, neither under the same name nor on the same semver track.";

    /// A chain cannot be linked.
    BrokenChain = "broken-chain", Input,
"A chain is ordered middleware over one interface, outermost first. Each member must export the interface, and each but the
last must import it: that import is what the next member provides.";

    /// Instances need each other.
    LinkCycle = "link-cycle", Input,
"Instances are created one after the other, each with its imports already there; a circle of links therefore cannot be
instantiated. Break it by moving one of the interfaces into a component of its own, or by linking one import elsewhere.";

    /// A resource would come from two providers.
    ResourceConflict = "resource-conflict", Input,
"Resource types are nominal: a handle made by one provider means nothing to another, also when their interfaces are written
the same. Interfaces that share a resource must therefore come, for one consumer, from the same provider.";

    /// An import of the result is not allowed.
    DeniedHostImport = "denied-host-import", Input,
"`[host]` says what the composed component may ask of the runtime; `[host.instances]` narrows this for one instance. The
default is what the target world imports, or `wasi:*` when there is no target world.";

    /// Host imports cannot be merged.
    HostImportConflict = "host-import-conflict", Input,
"Imports that go to the host are merged for each semver track, so that the runtime has to provide each once. Here two
instances import the same interface with types that differ.";

    /// Nobody has what is to be exported.
    MissingExport = "missing-export", Input,
"`[exports]` names an interface that the instance does not export.";

    /// Several instances could be exported.
    AmbiguousExport = "ambiguous-export", Input,
"Several instances that nobody consumes export the same interface, and the result can export it only once. A line under
`[exports]` decides.";

    /// An export needs another one.
    UnnameableType = "unnameable-type", Input,
"A component can export a record, a variant, an enum, flags or a resource only under a name. An exported interface names its
own types and those that it takes over with `use`; what is only within them is named by the interface that defines it, which
must then be exported as well. The host's interfaces are imports of the result and name their types by that.";

    /// The result would export nothing.
    NothingExported = "nothing-exported", Input,
"A component without exports cannot be called. Without a target world, the result exports everything that instances export
whom nobody consumes.";

    /// The result is not what the target world says.
    WorldNotMet = "world-not-met", Input,
"`[world]` says what the result must be. It must export everything that the world exports, with types that agree, and may
import only what the world imports.";

    /// A rule about WIT found something.
    WitFinding = "wit-finding", Input,
"`compose wit lint` and `compose wit compat` find things by rules, each with a name of its own, which messages show in brackets.
`compose explain` with the rule's name tells more about it.";

    /// What is pushed breaks users of the version before it.
    BreakingChange = "breaking-change", Input,
"`compose push` compares what is pushed with the newest version of its semver track that the registry has: whoever requires that
version takes this one as well. A WIT package is compared by the rules of `compose wit compat`, as `[wit.compat]` of the manifest sets
them; a component must still export what it exported. A breaking change needs another major version, or another minor one
before 1.0; `--allow-breaking` pushes it all the same.";

    /// A component that exists would not link to a new version of an interface.
    ConsumerBroken = "consumer-broken", Input,
"`compose wit compat --consumers` compares what actual components import with what the new version has. This import linked to the old
version, or did not do that either, and does not link to the new one: whoever provides the new one must also provide the old one,
or the component must be built anew.";

    /// The result would be larger than runtimes accept.
    LimitExceeded = "limit-exceeded", Input,
"Runtimes bound how much a component may define: 1,000 core modules, 1,000 components and 1,000 instances, where every import
that is an interface, every instance, every interface that one instance passes on to others and every exported interface counts
as an instance. What is within a component counts there alone: a part of the application that is put into a folder with a
`compose.toml` of its own counts as one component and one instance. Current runtimes also accept only 1,000 core modules and
components in all, at any depth, the outermost component among them. Sharing counts as well: what several components have
counts once.";

    /// An instance does not matter.
    UnusedInstance = "unused-instance", Input,
"Nothing that the result exports needs this instance, so it is left out. Remove it, link it, or export something of it.";

    /// The output cannot be written.
    OutputUnwritable = "output-unwritable", Environment,
"The result was made and is valid, but could not be written. Nothing was left half written.";

    /// The result would take the place of something that it is made of.
    OutputIsInput = "output-is-input", Input,
"`compose build` reads this file to make the result, which would take its place: a component, a manifest, a lock or WIT. Nothing
was written. Name another file with `-o`, or give the application another name where this is the default.";

    /// The files are there already.
    AlreadyExists = "already-exists", Input,
"`compose new` and `compose init` never overwrite a file, and `compose add` no entry of the manifest.";

    /// A version exists with other content.
    VersionExists = "version-exists", Input,
"A version that was published is relied on: applications have its digest in their locks. `compose push` therefore refuses to make it mean other
bytes. Publish what changed as a new version. `--force` replaces it all the same; whoever has it locked will then be told that it moved.";

    /// Something cannot be published as it is.
    NotPublishable = "not-publishable", Input,
"To publish, `compose push` must know the package, the version and the registry: from `--as` and `--to`, from `[package]` of the manifest, or
from what is pushed itself, as a WIT package says its name and version.";

    /// The store holds damaged files.
    StoreDamaged = "store-damaged", Environment,
"Files of the store do not have the bytes that their names promise: a disk fault, or something else that writes there. They were moved away,
and nothing uses them. What needs them downloads them again.";

    /// A command needs something that the component does not have.
    NotRunnable = "not-runnable", Input,
"`compose run` needs an export of `wasi:cli/run`, `compose serve` one of `wasi:http/incoming-handler` or `wasi:http/handler`,
and `compose invoke` an exported function.";

    /// The component failed while it ran.
    RunFailure = "run-failure", Input,
"The runtime could not instantiate the component, or the component trapped.";

    /// A name on the command line means nothing.
    UnknownName = "unknown-name", Input,
"A name among the command's arguments is not one that it knows: a code to explain, or an instance, a component or an
interface of the application.";

    /// The runtime cannot do its part.
    RuntimeUnavailable = "runtime-unavailable", Environment,
"The embedded runtime could not start, or could not listen on the address it was given. The component was not at fault.";

    /// The encoder refused a plan, or made something invalid.
    Internal = "internal", Bug,
"A plan that was found to be good could not be encoded, or its encoding is not valid. This is a fault of `compose`: please
report it with the manifest.";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| UnknownCode { given: text.to_owned() })
    }
}

/// No diagnostic has this code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no diagnostic has the code `{given}`")]
pub struct UnknownCode {
    /// What was given.
    pub given: String,
}
