//! The notice in English.

use super::{Counted, Plural, Strings};

/// English.
pub(super) static STRINGS: Strings = Strings {
    essential_cookies: "essential cookies",
    preferences_cookies: "preference cookies",
    analytics_cookies: "analytics cookies",
    marketing_cookies: "marketing cookies",
    own_cookies: "{} cookies",
    additional_cookies: "additional cookies",
    use_preferences: "preference cookies so we can remember how you like this service to look and work",
    use_analytics: "analytics cookies so we can understand how you use this service and make improvements",
    use_marketing: "marketing cookies so we and others can show you adverts and content chosen for you",
    about_essential: "These cookies are needed for what you ask this service to do, such as keeping you signed in or \
                      remembering what you typed into a form. They do not need your agreement, so there is no setting \
                      to turn them off.",
    about_preferences: "These cookies remember choices such as text size, language or your local area, so that you do \
                        not have to make them again.",
    about_analytics: "These cookies tell us which pages people visit and how they move around, so that we can see what \
                      works and improve it.",
    about_marketing: "These cookies are used for advertising, for content from social networks and video sites, and \
                      for measuring whether it worked. The organisations that set them can follow you to other websites.",
    about_own: "These cookies are used for one purpose of this service: {}.",

    cookies_on: "Cookies on {}",
    essential_use: "We use some essential cookies to make this service work.",
    also_one: "We'd also like to use {}.",
    also_several: "We'd also like to use these additional cookies:",
    third_parties: "Some of these are from other organisations: {}.",
    accept: "Accept {}",
    reject: "Reject {}",
    view_cookies: "View cookies",
    accepted: "You've accepted {}.",
    rejected: "You've rejected {}.",
    saved: "You've set your cookie preferences.",
    withdrawn: "You've withdrawn your agreement to additional cookies.",
    change_settings: "You can [change your cookie settings] at any time.",
    hide: "Hide cookie message",
    cookie_settings: "Cookie settings",

    held_name: "Content from {}",
    held_from: "This part of the page comes from {}.",
    held_stores: "If you load it, {} can store {} on your device.",
    held_from_unknown: "This part of the page comes from another organisation: {}.",
    held_stores_unknown: "We do not know yet what it would store on your device.",
    held_here: "It is not loaded on this page, whatever you have agreed to.",
    load_once: "Load this once",
    always_allow: "Always allow {}",
    view_on: "View it on {}",
    loaded_once: "You asked to load this once. You have not agreed to anything else.",

    left_out: "Left out of this page until you agree",

    skip_link: "Skip to main content",
    available: "This page is available in English",
    success: "Success",
    go_back: "[Go back to the page you were looking at].",

    intro: "Cookies are small pieces of information that a website saves on your phone, tablet or computer. This page \
            lists the cookies we know are used on {}, and anything similar we know is kept on your device.",
    settings_heading: "Change your cookie settings",
    question: "Do you want to accept {}?",
    yes: "Yes",
    no: "No",
    save: "Save cookie settings",
    see_cookies: "See each of these cookies",
    withdraw_heading: "Withdraw your agreement",
    withdraw_text: "You can take back everything you have agreed to. We stop using these cookies at once and remove \
                    the ones this site has set. You do not have to give a reason.",
    withdraw: "Withdraw agreement to all additional cookies",
    cookies_we_use: "{} used on this site",
    column_name: "Name",
    column_what: "What it does",
    column_set_by: "Who sets it",
    column_lifetime: "How long it is kept",
    this_site: "This site",
    none_seen: "None have been seen on this site so far.",
    unclassified_heading: "Cookies we have not classified yet",
    unclassified_cookies: "unclassified cookies",
    unclassified_held: "We do not know yet what these are for, so they are kept off your device unless you agree to all \
                        additional cookies.",
    unclassified_passed: "We do not know yet what these are for. They are not held back, whatever you choose on this \
                          page.",
    not_described: "Not described yet",
    choice_cookie: "Remembers which cookies you have accepted or rejected",
    third_party_heading: "Cookies set by other organisations",
    third_party_text: "When you agree, your browser also contacts other organisations, and they can set cookies of \
                       their own. If you withdraw your agreement, we stop your browser contacting them from this \
                       site, but we cannot delete cookies they have already set. You can delete those in your \
                       browser's settings, usually under 'privacy' or 'site data': search there for the name of the \
                       organisation or of its website. Your browser can also block them on every website, under \
                       'third-party cookies' or 'tracking protection'.",
    other_organisations: "Other organisations involved:",
    gpc_heading: "Global Privacy Control",
    gpc_on: "Your browser is sending a Global Privacy Control signal. We take it as a refusal of marketing cookies, \
             unless you choose otherwise on this page.",
    gpc_off: "Your browser is not sending a Global Privacy Control signal. When it does, we take it as a refusal of \
              marketing cookies, unless you choose otherwise on this page.",
    responsible_heading: "Who is responsible",
    responsible: "{} decides which cookies are used on this site and is responsible for them.",
    responsible_service: "Those who run {} decide which cookies are used on this site and are responsible for them.",
    contact: "Questions and complaints about cookies can be sent to {}.",
    complain: "You have the right to complain to us about how we use cookies and your personal information. We will \
               confirm within 30 days that we have received your complaint, look into it without undue delay, and tell \
               you the outcome.",
    ico: "https://ico.org.uk/make-a-complaint/",
    record_heading: "Your record",
    record_text: "You can [see what you chose and when].",
    record_number: "Your receipt number is {}.",

    session: "Until you close your browser",
    until_deleted: "Until you delete it",
    lifetime_unknown: "Not known",
    under_a_minute: "Less than a minute",
    capped: "{}, the longest a browser allows (set to {})",

    receipt_title: "Your cookie choice",
    receipt_intro: "This is what you chose on {}.",
    nothing_chosen: "You have not made a choice about cookies on {}, or it has run out.",
    receipt_number: "Receipt number",
    chosen_on: "Chosen on",
    kept_until: "Your choice is remembered until",
    notice_version: "Version of the cookie notice",
    organisation: "Responsible organisation",
    what_you_chose: "What you chose",
    column_kind: "Kind of cookies",
    column_choice: "Your choice",
    word_accepted: "Accepted",
    word_refused: "Rejected",
    always_on: "Always used",
    receipt_use: "To have this record looked up or removed, send the receipt number to {}.",
    back_to_cookies: "[Change your cookie settings]",

    bad_request: "We could not understand the request",
    bad_request_todo: "Check the web address. If you followed a link or sent a form, go back and try again.",
    not_accepted: "We did not accept the request",
    not_accepted_todo: "It seems to come from another website. Open the page on this site and try again there.",
    no_site: "There is no website at this address",
    no_site_todo: "Check the web address for mistakes and try again.",
    no_page: "Page not found",
    no_page_todo: "Check the web address for mistakes, or start again from the home page.",
    too_large: "What you sent is too large",
    too_large_todo: "Go back and send a smaller file, or send your files one at a time.",
    address_too_long: "The web address is too long",
    address_too_long_todo: "Check the web address, or start again from the home page.",
    head_too_large: "Your browser sent more than we can read",
    head_too_large_todo: "Delete the cookies of this site in your browser's settings, then try again.",
    went_wrong: "Sorry, something went wrong",
    went_wrong_todo: "Try again in a few minutes. If you were filling in a form, you may have to fill it in again.",
    bad_answer: "Sorry, this website is not working properly",
    bad_answer_todo: "Try again in a few minutes. Nothing is wrong with your device or your connection.",
    unavailable: "Sorry, this website is not available at the moment",
    unavailable_todo: "Try again in a few minutes.",
    too_slow: "Sorry, this website is taking too long to answer",
    too_slow_todo: "Try again in a few minutes. If you sent a form, check whether it arrived before you send it again.",
    choice_not_saved: "Your cookie choice was not saved. Nothing has changed.",

    // Proof.
    too_many: "Sorry, too many choices came from your network",
    too_many_todo: "Wait a minute, then try again.",
    record_held: "Sorry, this record cannot be deleted now",
    record_held_todo: "It has to be kept for legal reasons for the time being. Your choice stays as it is: you can still \
                       change it or take it back on the cookies page.",
    record_as_json: "Download this record as [data (JSON)].",
    record_as_text: "Download this record as [plain text].",
    record_as_kept: "What follows is the record word for word as it is kept, with names and values that are the same in every language:",
    record_delete_heading: "Delete this record",
    record_delete_text: "If you delete it, your agreement ends too, because nothing would be left to show that you gave \
                         it. You will be asked again.",
    record_delete: "Delete my record",
    record_deleted: "Your record was deleted. What is left is a note of how many records went, and when.",
    // Bases: what is used without consent until the visitor objects.
    exempt_use: "We also use {}. We do not ask you first, but you can object at any time.",
    object: "Object to {}",
    objected: "You have objected to {}, so we do not use them. You can [change your cookie settings] at any time.",
    exempt_hint: "We use these without asking you first, for this purpose alone. You can object: choose 'No'.",
    gpc_objects: "We also take it as an objection to {}.",
    // Words: what is seen on a site, and whom to turn to.
    serves: "Used as described above for {}",
    column_seen: "Last seen here",
    not_seen: "Not seen so far",
    browser_storage: "not a cookie: kept in your browser's storage",
    hosts: "Where your browser loads from when you agree:",
    gpc_how: "Global Privacy Control is a setting of some browsers and of add-ons to them. It tells every website you \
              visit that you do not want your data sold or shared.",
    complaint_heading: "How to complain",
    complain_to: "To complain to us, contact: {}.",
    complain_ico: "You can also [complain to the Information Commissioner's Office (ICO)], who may ask you to complain to \
                   us first.",
    write_to: "You can write to us at: {}.",
    dpo: "To reach our data protection officer, contact: {}.",
    privacy_notice: "How we use personal information is described in [our privacy notice].",
    unclassified_own: "This list includes what your own browser has just sent us. Nobody else sees that part.",
    elsewhere_heading: "What is loaded from other organisations without asking",
    elsewhere_text: "Pages of this service load parts such as fonts, maps or scripts from the addresses below, whatever \
                     you choose here. Whoever runs them learns the address of your device on the internet (its IP \
                     address), and may learn which of our pages you are on.",

    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    more: Counted { one: "and {} more", two: "and {} more", few: "and {} more", many: "and {} more" },
    minutes: Counted { one: "{} minute", two: "{} minutes", few: "{} minutes", many: "{} minutes" },
    hours: Counted { one: "{} hour", two: "{} hours", few: "{} hours", many: "{} hours" },
    days: Counted { one: "{} day", two: "{} days", few: "{} days", many: "{} days" },
    years: Counted { one: "{} year", two: "{} years", few: "{} years", many: "{} years" },
    plural: Plural::One,
    said: Vec::new(),
};
