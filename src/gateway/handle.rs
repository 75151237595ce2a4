//! The life of a request, on one page.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};

use crate::ledger::Ledger;
use crate::upstream::{self, BoxError, Upstream, hop, tunnel};

use super::problem::Problem;
use super::visit::{Visit, host, without_port};
use super::{Body, Cleared, Mode, Peer, Sites, ask, clear, own, tracker};

/// What all workers share.
pub struct Shared {
    /// The sites of the configuration in force.
    pub sites: ArcSwap<Sites>,
    /// Where choices are recorded.
    pub ledger: Arc<dyn Ledger>,
    /// The gate's own mark: a request that carries it has come round in a circle.
    pub token: String,
}

/// One worker's gateway: the shared state and connections of its own.
pub struct Gateway {
    shared: Arc<Shared>,
    pools: ArcSwap<Pools>,
}

/// Can every upstream of these sites be set up? Asked before a configuration is put in force.
pub fn reachable(sites: &Sites) -> Result<(), upstream::SetupFault> {
    Pools::new(sites).map(drop)
}

/// One worker's connections, for one configuration.
struct Pools {
    generation: u64,
    by_site: Vec<Upstream>,
}

impl Pools {
    fn new(sites: &Sites) -> Result<Self, upstream::SetupFault> {
        let pool = |site: &Arc<super::Site>| Upstream::new(&site.config.upstream, Arc::clone(&site.cap));
        Ok(Self { generation: sites.generation, by_site: sites.all.iter().map(pool).collect::<Result<_, _>>()? })
    }
}

impl Gateway {
    /// A gateway for one worker.
    ///
    /// # Errors
    /// An upstream whose `ca_file` cannot be used.
    pub fn new(shared: Arc<Shared>) -> Result<Self, upstream::SetupFault> {
        let pools = ArcSwap::from_pointee(Pools::new(&shared.sites.load())?);
        Ok(Self { shared, pools })
    }

    /// Answers one request; whatever goes wrong is an answer too.
    pub async fn handle<B>(&self, request: Request<B>, peer: Peer) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let began = Instant::now();
        let sites = self.shared.sites.load_full();
        let name = without_port(host(request.headers())).to_ascii_lowercase();
        let Some(at) = sites.find(&name) else { return Problem::NoSuchSite(name).cleared(None).into_response() };
        let visit = Arc::new(Visit::new(Arc::clone(&sites.all[at]), &request, peer));
        let answer = match self.answer(&sites, at, &visit, request).await {
            Ok(cleared) => cleared,
            Err(problem) => {
                problem.count(&visit);
                problem.cleared(Some(&visit))
            }
        };
        let response = answer.into_response();
        visit.site.traffic.answered(response.status().as_u16(), began.elapsed());
        response
    }

    async fn answer<B>(
        &self,
        sites: &Sites,
        at: usize,
        visit: &Arc<Visit>,
        request: Request<B>,
    ) -> Result<Cleared, Problem>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        // The gate's own pages: the choice, the cookies page, the visitor's record, the stylesheet.
        if own::is_own(visit) {
            return own::answer(visit, request, &*self.shared.ledger).await;
        }
        if hop::looped(request.headers(), &self.shared.token) {
            return Err(Problem::Loop);
        }
        // A tracker that the site serves itself is not even asked for.
        if visit.mode() != Mode::Off
            && let Some(refused) = tracker::held(visit, request.headers())
        {
            return Ok(refused);
        }
        // Take refused cookies out of the request, and ask only for what can be undone.
        let mut request = request;
        let tunnel = hyper::upgrade::on(&mut request);
        let held = ask::prepare(visit, &mut request, &self.shared.token);
        // Fetch the page.
        let upstream = self.upstream(sites, at)?;
        let asked = Instant::now();
        let mut response = upstream.send(request).await?;
        visit.site.traffic.reached(asked.elapsed(), visit.now);
        tunnel::join(tunnel, &mut response);
        hop::clean_response(response.status(), response.headers_mut());
        // Take refused cookies out, expire left-overs, rewrite the page as it streams.
        clear::clear(visit, response, &held).await
    }

    /// This worker's connections to the site; made anew when the configuration has changed.
    fn upstream(&self, sites: &Sites, at: usize) -> Result<Upstream, Problem> {
        if self.pools.load().generation != sites.generation {
            self.pools.store(Arc::new(Pools::new(sites).map_err(|fault| Problem::Setup(fault.to_string()))?));
        }
        self.pools.load().by_site.get(at).cloned().ok_or_else(|| Problem::Setup("no such site".into()))
    }
}
