// How leases are taken and given back inside Redis.
#pragma once

#include "redis/script.h"

namespace ledger::redis {

/// KEYS: the accounts. ARGV: the holder's token, the time to live in milliseconds, then the tokens
/// that the same provider has given up. Replies with the places in KEYS, from 1 and in order, of
/// those that another holder has; all others belong to the token now.
///
/// A lease that its holder has given up is taken over at once, though its release is still on the
/// way: otherwise each batch would run into the leases of the one before.
const Script& acquire_script();

/// KEYS: the accounts. ARGV: for each the token that had it. Deletes those that it still has.
const Script& release_script();

}  // namespace ledger::redis
