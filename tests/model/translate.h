// Between the naive ledger's words and the real one's.
#pragma once

#include <string>

#include "ledger/ledger.h"
#include "model/naive_types.h"

namespace ledger::model {

/// The custom currency of all model tests, of scale 18: amounts near 64 bits are in it.
[[nodiscard]] Currency gem();
/// "NONE" is one that no ledger knows.
[[nodiscard]] Currency currency(const std::string& code);

[[nodiscard]] Timestamp real_time(Time time);
[[nodiscard]] std::optional<Timestamp> real_time(const std::optional<Time>& time);
[[nodiscard]] Time naive_time(Timestamp time);

/// `spread`: with white space in the metadata, which means nothing.
[[nodiscard]] Request real_request(const Ask& ask, bool spread);
[[nodiscard]] AccountRequest real_request(const OpenAsk& ask, bool spread);
[[nodiscard]] AccountChange real_request(const ChangeAsk& ask, bool spread);

[[nodiscard]] Kind naive_kind(JournalKind kind);
[[nodiscard]] JournalKind real_kind(Kind kind);
[[nodiscard]] std::string naive_status(AccountStatus status);
[[nodiscard]] std::string naive_status(TransferStatus status);
[[nodiscard]] Details naive_details(const ledger::Details& details);
[[nodiscard]] Recorded naive_recorded(const Receipt& receipt);
/// `created_at` as it is; what the real one adds (last_seq) is left out.
[[nodiscard]] Account naive_account(const ledger::Account& account);

/// For a person, when a test fails.
[[nodiscard]] std::string show(const Recorded& recorded);
[[nodiscard]] std::string show(const Account& account);
[[nodiscard]] std::string show(const Entry& entry);
[[nodiscard]] std::string show(const Fate& fate);

}  // namespace ledger::model
