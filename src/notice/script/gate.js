// The guard's entry: runs as a function of RULES, which the gate puts behind it.
window.consentgate = { granted: RULES.g, version: RULES.v };
