// What follows a choice: Reject changes nothing for the visitor but takes the notice away, Accept lets the tags run,
// and taking it back stops them and takes their cookies away.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { demo } from './support/program.mjs';
import { ESSENTIAL, Visitor, browser, unique } from './support/visitor.mjs';

/** Set by the site's own answers; some can be read by no script, and one is for the path /img alone. */
const SET_BY_HEADER = ['_ga', '_gid', 'SC_ANALYTICS_GLOBAL_COOKIE', 'ai_user', 'CouncilStats', 'HitCounter', 'CampaignRef', '_fbc'];
/** Set by other companies' scripts, for the council's site. */
const SET_BY_SCRIPT = [
  '_ga_0AMBLE2016', '_fbp', '_hjSessionUser_1', '_hjSession_1', '_clck', '_clsk', 'li_fat_id', '__utma', '__utmz',
];

let chromium, council;

before(async () => {
  [chromium, council] = await Promise.all([browser(), demo()]);
});
after(async () => {
  await Promise.all([chromium?.close(), council?.end()]);
});

/** Walks the whole site; says what came of it, page after page. */
async function walk(visitor) {
  visitor.forgetsRequests();
  const [cookies, stored, notices] = [[], [], []];
  await visitor.walksEverywhere(async (path) => {
    cookies.push(...(await visitor.nonEssentialCookies()));
    stored.push(...(await visitor.stored()));
    if (await visitor.sees(/^Accept/)) notices.push(path);
  });
  return { asked: visitor.thirdParties, cookies: unique(cookies), stored: unique(stored), notices };
}

/** The cookies of the council's own host; what other companies keep under their names is theirs to take away. */
async function firstParty(visitor) {
  return (await visitor.cookies()).filter(({ domain }) => domain === 'localhost').map(({ name }) => name);
}

describe('after Reject', () => {
  let rejected, visitor;
  before(async () => {
    visitor = await Visitor.to(council.gate, chromium);
    await visitor.opens('/');
    await visitor.presses(/^Reject/);
    rejected = await walk(visitor);
  });
  after(() => visitor?.leaves());

  it('no page makes the browser ask another company for anything', () => assert.deepEqual(rejected.asked, []));
  it('no cookie is in the browser that the site does not need', () => assert.deepEqual(rejected.cookies, []));
  it('no page has stored anything', () => assert.deepEqual(rejected.stored, []));
  it('no page asks again', () => assert.deepEqual(rejected.notices, []));
  it('the choice is remembered, without a number that could tell visitors apart', async () => {
    const choice = (await visitor.cookies()).find(({ name }) => name === 'consentgate');
    const days = (choice.expires - Date.now() / 1000) / 86_400;
    assert.ok(days > 181 && days <= 182, `${days} days: a refusal is not asked again for half a year`);
    await visitor.opens('/.consent/record');
    assert.doesNotMatch(await visitor.page.innerText('main'), /number/i);
  });
});

describe('after Accept', () => {
  let accepted, direct, visitor;
  before(async () => {
    const comparing = await Visitor.to(council.direct, chromium);
    direct = await walk(comparing);
    await comparing.leaves();
    await council.forget();
    visitor = await Visitor.to(council.gate, chromium);
    await visitor.opens('/');
    await visitor.presses(/^Accept/);
    accepted = await walk(visitor);
  });
  after(() => visitor?.leaves());

  it('the same companies are asked as without the gate', () => assert.deepEqual(accepted.asked, direct.asked));
  it('their requests arrive', async () => {
    const received = unique((await council.received()).map(({ host }) => host));
    assert.ok(received.includes('www.google-analytics.com'), received.join(' '));
    assert.ok(received.includes('px.ads.linkedin.com'), received.join(' '));
  });
  it('the same cookies are set as without the gate', () => assert.deepEqual(accepted.cookies, direct.cookies));
  it('the same keys are stored as without the gate', () => assert.deepEqual(accepted.stored, direct.stored));
  it('no page asks again', () => assert.deepEqual(accepted.notices, []));
  it('the council is sent its analytics cookies', async () => {
    await visitor.opens('/trace.axd');
    const sent = await visitor.page.locator('#cookies').innerText();
    for (const name of ['_ga', 'SC_ANALYTICS_GLOBAL_COOKIE', 'CouncilStats']) assert.ok(sent.includes(name), sent);
  });
  it('the account pages, which the configuration keeps clear, ask nobody', async () => {
    await visitor.opens('/');
    visitor.forgetsRequests();
    await visitor.opens('/account/login.aspx');
    // The font is a preference: it stays.
    assert.deepEqual(visitor.thirdParties, ['fonts.googleapis.com.localhost']);
  });

  describe('and then withdrawing on the cookies page', () => {
    let held, withdrawn;
    before(async () => {
      held = await firstParty(visitor);
      await visitor.opens('/.consent/cookies');
      await visitor.presses(/^Withdraw/);
      withdrawn = await firstParty(visitor);
    });

    for (const name of [...SET_BY_HEADER, ...SET_BY_SCRIPT]) {
      it(`${name} is gone`, () => {
        assert.ok(held.includes(name), `it was there before: ${held}`);
        assert.ok(!withdrawn.includes(name), `${withdrawn}`);
      });
    }
    it('the page says that it is done', async () => {
      assert.match(await visitor.page.getByRole('alert').innerText(), /withdrawn/i);
    });
    it('the next pages ask nobody, and no cookie comes back', async () => {
      const walked = await walk(visitor);
      assert.deepEqual(walked.asked, []);
      assert.deepEqual((await firstParty(visitor)).filter((name) => !ESSENTIAL.includes(name)), []);
      assert.deepEqual(walked.notices, []);
    });
    it('the record tells of it', async () => {
      await visitor.opens('/.consent/record');
      assert.match(await visitor.page.locator('main').innerText(), /Rejected|Refused/i);
    });
  });
});

describe('choosing purpose by purpose', () => {
  it('lets only what was ticked run', async () => {
    const visitor = await Visitor.to(council.gate, chromium);
    await visitor.opens('/.consent/cookies');
    await visitor.page.check('#analytics-yes');
    await visitor.presses(/^Save/);
    visitor.forgetsRequests();
    await visitor.opens('/');
    assert.ok(visitor.thirdParties.includes('www.google-analytics.com.localhost'), visitor.thirdParties.join(' '));
    assert.ok(!visitor.thirdParties.some((host) => /facebook|linkedin|youtube|fonts/.test(host)), visitor.thirdParties.join(' '));
    await visitor.leaves();
  });
});
