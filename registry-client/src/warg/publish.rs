//! How something comes into a package's log: from a change and a key to a record that the log was proved to have.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use warg_api::v1::package::{MissingContent, PackageRecordState, PublishRecordRequest, UploadEndpoint};
use warg_crypto::hash::{AnyHash, HashAlgorithm, Sha256};
use warg_crypto::signing::{KeyID, PrivateKey};
use warg_protocol::package::{PACKAGE_RECORD_VERSION, PackageEntry, PackageRecord, Permission as WargPermission};
use warg_protocol::registry::{LogId, RecordId};
use warg_protocol::{ProtoEnvelope, ProtoEnvelopeBody};

use super::api::ApiError;
use super::{Observed, Warg, WargError, digest, hash, log};
use crate::client::{Change, Permission};
use crate::digest::Digest;
use crate::error::{NetworkFailure, one_line};
use crate::key::SigningKey;
use crate::package::PackageName;
use crate::publication::Blob;
use crate::transport::RequestError;

/// How long a registry is waited for. Most publish with the next checkpoint, seconds later.
const PATIENCE: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often a record is made, where others are published meanwhile.
const TRIES: u32 = 8;
/// How long it may be until a checkpoint has what is in the log.
const NEXT_CHECKPOINT: Duration = Duration::from_secs(15);
/// How often it is told that it is still waited for.
const BETWEEN_NEWS: Duration = Duration::from_secs(10);

/// What is to be published, and by whom.
struct ToPublish<'a> {
    package: &'a PackageName,
    change: &'a Change,
    key: PrivateKey,
    content: Option<&'a Blob>,
}

impl Warg<'_> {
    /// Adds `change` to the log of `package`, sends `content` where the registry lacks it, and waits until the log was proved to have it.
    /// A record says which one it follows: where somebody else was faster, it is made anew. `sending` is told when content is sent, and `waiting` how long it was waited when nothing is left but to wait: once at the beginning,
    /// and every few seconds.
    pub(crate) async fn publish(
        &self,
        package: &PackageName,
        change: &Change,
        key: &SigningKey,
        content: Option<&Blob>,
        sending: impl Fn(u64) + Clone + Send + Sync + 'static,
        mut waiting: impl FnMut(Duration),
    ) -> Result<Observed, WargError> {
        let key = PrivateKey::decode(key.expose().to_owned()).map_err(WargError::UnusableKey)?;
        let to_publish = ToPublish { package, change, key, content };
        let mut observed = self.begin(package, change).await?;
        let mut tries = 1;
        loop {
            let ended = self.follow(observed.as_ref(), &to_publish, sending.clone(), &mut waiting).await;
            let Err(WargError::Outrun(_)) = &ended else { return ended };
            match self.further(package, change, head(observed.as_ref())).await? {
                Some(further) if tries < TRIES => observed = Some(further),
                _ => return ended,
            }
            tries += 1;
        }
    }

    /// What there is for `change` to follow; nothing where it begins a log.
    async fn begin(&self, package: &PackageName, change: &Change) -> Result<Option<Observed>, WargError> {
        match self.observe(package).await {
            Ok(observed) => Ok(Some(observed)),
            Err(WargError::PackageNotFound) if matches!(change, Change::Release(..)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the log is once it goes on from `known`, if it does: what is in it already shows with the next checkpoint.
    async fn further(
        &self,
        package: &PackageName,
        change: &Change,
        known: Option<RecordId>,
    ) -> Result<Option<Observed>, WargError> {
        let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            match self.begin(package, change).await? {
                Some(observed) if head(Some(&observed)) != known => return Ok(Some(observed)),
                _ if begun.elapsed() >= NEXT_CHECKPOINT => return Ok(None),
                _ => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Adds `change` after what was observed.
    async fn follow(
        &self,
        observed: Option<&Observed>,
        to_publish: &ToPublish<'_>,
        sending: impl Fn(u64) + Clone + Send + Sync + 'static,
        waiting: impl FnMut(Duration),
    ) -> Result<Observed, WargError> {
        let ToPublish { package, change, key, content } = to_publish;
        if let Some(observed) = observed {
            check_allowed(observed, change, &key.public_key().fingerprint())?;
        }
        let record = record(observed, change, key)?;
        let (name, id) = (log::name(package), RecordId::package_record::<Sha256>(&record));
        let log_id = LogId::package_log::<Sha256>(&name);
        let request = PublishRecordRequest {
            package_name: Cow::Borrowed(&name),
            record: Cow::Owned(ProtoEnvelopeBody::from(record)),
            content_sources: indexmap::IndexMap::new(),
        };
        let answer = self.api().publish(&log_id, &request).await;
        let answer = answer.map_err(|error| refused(error, &key.public_key().fingerprint()))?;
        if let PackageRecordState::Sourcing { missing_content } = &answer.state {
            for (missing, places) in missing_content {
                self.send(missing, places, *content, sending.clone()).await?;
            }
        }
        self.wait(package, &log_id, &id, answer.state, waiting).await
    }

    async fn send(
        &self,
        missing: &AnyHash,
        places: &MissingContent,
        content: Option<&Blob>,
        sending: impl Fn(u64) + Clone + Send + Sync + 'static,
    ) -> Result<(), WargError> {
        let content = content.filter(|content| digest(missing) == Some(content.descriptor.digest));
        let (Some(content), Some(UploadEndpoint::Http { method, url, headers })) = (content, places.upload.first())
        else {
            return Err(WargError::Rejected(one_line(&format!("it wants {missing}, and says no place for it"))));
        };
        let size = content.descriptor.size;
        Ok(self.api().upload(method, url, headers, size, || content.body(0, size, sending.clone())).await?)
    }

    /// Waits until the registry says that the record is published, and then until its log was verified to have it.
    async fn wait(
        &self,
        package: &PackageName,
        log_id: &LogId,
        id: &RecordId,
        mut state: PackageRecordState,
        mut waiting: impl FnMut(Duration),
    ) -> Result<Observed, WargError> {
        let (begun, mut pause, mut told) = (Instant::now(), FIRST_PAUSE, Duration::ZERO);
        waiting(told);
        loop {
            match state {
                PackageRecordState::Rejected { reason } => return Err(WargError::Outrun(one_line(&reason))),
                PackageRecordState::Published { .. } => {
                    // A record is in the log at once, and can be proved with the next checkpoint: until then it is the registry's word.
                    match self.observe(package).await {
                        Ok(observed) if observed.package.has(id) => return Ok(observed),
                        Ok(_) | Err(WargError::PackageNotFound) => {}
                        Err(error) => return Err(error),
                    }
                }
                PackageRecordState::Sourcing { .. } | PackageRecordState::Processing => {}
            }
            let waited = begun.elapsed();
            if waited >= PATIENCE {
                return Err(WargError::NotPublished { waited: PATIENCE });
            }
            if waited >= told + BETWEEN_NEWS {
                told = waited;
                waiting(waited);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            state = self.api().record(log_id, id).await?.state;
        }
    }
}

/// The record that another one would follow.
fn head(observed: Option<&Observed>) -> Option<RecordId> {
    observed?.package.head().map(|(_, record)| record)
}

/// Says what the registry would say later, and in fewer words.
fn check_allowed(observed: &Observed, change: &Change, key: &KeyID) -> Result<(), WargError> {
    match change {
        Change::Release(version, component) => match observed.release(version) {
            Some(released) if released.is_yanked => return Err(WargError::Yanked),
            Some(released) if released.component != *component => {
                return Err(WargError::AlreadyReleased { existing: released.component });
            }
            Some(_) | None => {}
        },
        Change::Yank(version) => match observed.release(version) {
            None => {
                let offered = observed.releases().filter(|(_, release)| !release.is_yanked);
                let available = offered.map(|(version, _)| version.clone()).collect();
                return Err(WargError::VersionNotFound { available });
            }
            Some(released) if released.is_yanked => return Err(WargError::Yanked),
            Some(_) => {}
        },
        Change::Grant(..) | Change::Revoke(..) => {}
    }
    let (action, needed) = match change {
        Change::Release(..) => ("release versions of", vec![WargPermission::Release]),
        Change::Yank(_) => ("withdraw versions of", vec![WargPermission::Yank]),
        // Whoever may do something may decide who else may.
        Change::Grant(_, permissions) => ("decide who else may publish", warg(permissions)),
        Change::Revoke(grantee, permissions) => ("decide who else may publish", held(observed, *grantee, permissions)?),
    };
    if needed.iter().all(|permission| observed.package.allows(key, *permission)) {
        return Ok(());
    }
    Err(WargError::KeyNotAllowed { key: key.to_string(), action })
}

/// What of `permissions` the key with the fingerprint `grantee` has. The protocol has no record that takes away what is not there.
fn held(observed: &Observed, grantee: Digest, permissions: &[Permission]) -> Result<Vec<WargPermission>, WargError> {
    let held = observed.package.permissions(&KeyID::from(grantee.to_string()), &warg(permissions));
    if held.is_empty() { Err(WargError::NothingToRevoke { key: grantee }) } else { Ok(held) }
}

/// Why a record was not taken: where the registry says something of a record that it does not want from us, that is about the key.
fn refused(error: ApiError, key: &KeyID) -> WargError {
    match error {
        ApiError::Request(RequestError::Unauthorized(source, failure)) => match *failure {
            NetworkFailure::Status { message: Some(reason), .. } => {
                WargError::SignerRefused { key: key.to_string(), reason }
            }
            failure => RequestError::Unauthorized(source, Box::new(failure)).into(),
        },
        error => error.into(),
    }
}

fn record(
    observed: Option<&Observed>,
    change: &Change,
    key: &PrivateKey,
) -> Result<ProtoEnvelope<PackageRecord>, WargError> {
    let mut entries = Vec::new();
    if observed.is_none() {
        entries.push(PackageEntry::Init { hash_algorithm: HashAlgorithm::Sha256, key: key.public_key() });
    }
    entries.push(match change {
        Change::Release(version, component) => {
            PackageEntry::Release { version: version.clone(), content: hash(*component) }
        }
        Change::Yank(version) => PackageEntry::Yank { version: version.clone() },
        Change::Grant(key, permissions) => PackageEntry::GrantFlat {
            key: key.to_string().parse().map_err(|_| WargError::Rejected(format!("{key} is not a key")))?,
            permissions: warg(permissions),
        },
        Change::Revoke(key, permissions) => {
            let held = observed.map(|observed| held(observed, *key, permissions)).transpose()?.unwrap_or_default();
            PackageEntry::RevokeFlat { key_id: KeyID::from(key.to_string()), permissions: held }
        }
    });
    // Time must not go back in a log, and the clock of whoever signed last may be ahead.
    let last = observed.and_then(|observed| observed.package.timestamp());
    let timestamp = SystemTime::now().max(last.unwrap_or(SystemTime::UNIX_EPOCH));
    let record = PackageRecord { prev: head(observed), version: PACKAGE_RECORD_VERSION, timestamp, entries };
    ProtoEnvelope::signed_contents(key, record).map_err(WargError::Signature)
}

fn warg(permissions: &[Permission]) -> Vec<WargPermission> {
    let permission = |permission: &Permission| match permission {
        Permission::Release => WargPermission::Release,
        Permission::Yank => WargPermission::Yank,
    };
    permissions.iter().map(permission).collect()
}

#[cfg(test)]
mod tests {
    use warg_api::v1::fetch::PublishedRecord;
    use warg_crypto::signing::generate_p256_pair;
    use warg_protocol::PublishedProtoEnvelope;

    use super::super::log::{OperatorLog, PackageLog};
    use super::*;
    use crate::log_problem::LogState;

    fn published(envelope: ProtoEnvelope<PackageRecord>, index: usize) -> PublishedRecord {
        let envelope = PublishedProtoEnvelope { envelope, registry_index: index };
        PublishedRecord { envelope: envelope.into(), fetch_token: index.to_string() }
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_keep_others_from_publishing() {
        let (_, key) = generate_p256_pair();
        let package: PackageName = "t:front".parse().unwrap();
        let ahead = SystemTime::now() + Duration::from_secs(3600);
        let entries = vec![PackageEntry::Init { hash_algorithm: HashAlgorithm::Sha256, key: key.public_key() }];
        let first = PackageRecord { prev: None, version: PACKAGE_RECORD_VERSION, timestamp: ahead, entries };
        let mut log = PackageLog::default();
        let first = ProtoEnvelope::signed_contents(&key, first).unwrap();
        log.append(published(first, 1), 3, &log::name(&package)).unwrap();

        let state = LogState { operator: Digest::of(b""), length: 2, root: Digest::of(b"") };
        let observed = Observed { operator: OperatorLog::default(), package: log.clone(), state };
        let change = Change::Release("1.0.0".parse().unwrap(), Digest::of(b"component"));
        let next = record(Some(&observed), &change, &key).unwrap();
        log.append(published(next, 2), 3, &log::name(&package)).unwrap();
        assert_eq!(log.releases().count(), 1);
    }
}
