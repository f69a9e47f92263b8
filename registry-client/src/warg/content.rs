//! How content comes from a warg registry: from its digest to its size, and to a verified file of the store.
//!
//! Records have digests and no sizes. A size that a server claims is no more than that until the bytes are here: then as many must
//! have the digest.

use reqwest::{Method, StatusCode, Url};

use super::Warg;
use crate::blob::Mismatch;
use crate::client::{MAX_COMPONENT, blocking};
use crate::digest::{Descriptor, Digest, Digester};
use crate::download::DownloadError;
use crate::event::{Event, EventSink};
use crate::file::VerifiedFile;
use crate::ingest::Ingest;
use crate::store::Store;
use crate::transport::RequestError;

impl Warg<'_> {
    /// How many bytes the content of `digest` has: as somebody says or, where nobody does, by reading it.
    pub(crate) async fn size(&self, digest: Digest) -> Result<u64, RequestError> {
        let places = self.places(digest).await?;
        if let Some(size) = places.iter().find_map(|(_, size)| *size) {
            return Ok(size);
        }
        let mut last = None;
        for (place, _) in &places {
            if let Ok(answer) = self.api().content(Method::HEAD, place, 0).await
                // A client does not know how long the body is that a `HEAD` is not answered with.
                && let Some(length) = answer.headers().get(reqwest::header::CONTENT_LENGTH)
                && let Some(size) = length.to_str().ok().and_then(|length| length.parse().ok())
            {
                return Ok(size);
            }
            match self.measure(digest, place).await {
                Ok(size) => return Ok(size),
                Err(error) => last = Some(error),
            }
        }
        Err(last.expect("there was a place to ask, because no places are an error"))
    }

    /// Reads content to its end, and throws it away.
    async fn measure(&self, digest: Digest, place: &Url) -> Result<u64, RequestError> {
        let mut answer = self.api().content(Method::GET, place, 0).await?;
        let mut digester = Digester::default();
        while let Some(piece) = answer.piece().await? {
            digester.update(piece.as_ref());
            if digester.size() > MAX_COMPONENT {
                return Err(RequestError::TooLarge { limit: MAX_COMPONENT, unit: "bytes" });
            }
        }
        let found = digester.finish();
        if found.digest == digest {
            return Ok(found.size);
        }
        Err(Mismatch::Digest { expected: digest, found: found.digest }.into())
    }

    /// Downloads `component` into the store, from the first place that has it.
    pub(crate) async fn download(
        &self,
        store: &Store,
        component: Descriptor,
        events: &EventSink,
    ) -> Result<VerifiedFile, DownloadError> {
        let mut last = None;
        for (place, _) in self.places(component.digest).await? {
            match self.download_from(store, component, events, &place).await {
                Err(DownloadError::Request(error)) => last = Some(error),
                ended => return ended,
            }
        }
        Err(last.expect("there was a place to ask, because no places are an error").into())
    }

    async fn download_from(
        &self,
        store: &Store,
        component: Descriptor,
        events: &EventSink,
        place: &Url,
    ) -> Result<VerifiedFile, DownloadError> {
        let mut attempts = self.transport.attempts(component.size);
        loop {
            let mut ingest = {
                let store = store.clone();
                blocking(move || store.ingest(&component)).await?
            };
            let attempt = self.receive(&mut ingest, component, events, place);
            match attempts.make(place, attempt).await {
                Ok(()) => return Ok(blocking(move || ingest.commit()).await?),
                Err(DownloadError::Request(error)) => attempts.wait_after(error).await?,
                Err(error) => return Err(error),
            }
        }
    }

    async fn receive(
        &self,
        ingest: &mut Ingest,
        Descriptor { digest, size }: Descriptor,
        events: &EventSink,
        place: &Url,
    ) -> Result<(), DownloadError> {
        if ingest.received() == size && size > 0 {
            // An earlier try has all of it; should it be something else, the next one finds nothing to go on from.
            return Ok(());
        }
        let offset = ingest.received();
        let mut answer = self.api().content(Method::GET, place, offset).await?;
        match answer.status() {
            StatusCode::PARTIAL_CONTENT if answer.begins_at(offset) => {}
            StatusCode::OK => ingest.restart()?,
            _ => {
                ingest.restart()?;
                answer = self.api().content(Method::GET, place, 0).await?;
            }
        }
        if let Some(length) = answer.declared_length() {
            let found = ingest.received().saturating_add(length);
            if found != size {
                return Err(RequestError::from(Mismatch::Size { expected: size, found }).into());
            }
        }
        while let Some(piece) = answer.piece().await? {
            let received = ingest.write(piece.as_ref())?;
            events.emit(Event::DownloadProgress { digest, received });
        }
        match ingest.received() {
            received if received < size => Err(answer.broken_off("the server closed the connection".to_owned()).into()),
            _ => Ok(()),
        }
    }

    async fn places(&self, digest: Digest) -> Result<Vec<(Url, Option<u64>)>, RequestError> {
        Ok(self.api().sources(digest).await?)
    }
}
