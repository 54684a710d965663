#include "engine/submission.h"

#include <doctest/doctest.h>

#include <string>

using namespace ledger;
using engine::Answer;
using engine::Receipts;

namespace {

Result<core::Operation> transfer(const std::string& key) {
  return core::make_operation(TransferRequest{
      .key = key, .legs = {{AccountId{1}, AccountId{2}, Amount(1, *Currency::iso("USD"))}}});
}

Receipt receipt_of(const core::Operation& operation) {
  return {.key = std::string(operation.key())};
}

std::vector<Answer> run_each(const std::vector<core::Operation>& operations) {
  std::vector<Answer> answers;
  for (const auto& operation : operations)
    answers.emplace_back(Result<Receipt>(receipt_of(operation)));
  return answers;
}

}  // namespace

TEST_CASE("malformed requests keep their places and are not run") {
  const auto results = engine::submit_independent(
      {transfer(""), transfer("a"), transfer(" "), transfer("b")}, run_each);
  REQUIRE(results.size() == 4);
  CHECK(results[0].error().code == ErrorCode::invalid_key);
  CHECK(results[1]->key == "a");
  CHECK(results[2].error().code == ErrorCode::invalid_key);
  CHECK(results[3]->key == "b");
}

TEST_CASE("an atomic batch is run as one operation") {
  const auto run = [](const std::vector<core::Operation>& operations) {
    REQUIRE(operations.size() == 1);
    Receipts receipts;
    operations.front().for_each_part(
        [&](const core::Operation& part) { receipts.emplace_back(receipt_of(part)); });
    return std::vector<Answer>{receipts};
  };
  const auto results = engine::submit_atomic({transfer("a"), transfer("b")}, run);
  REQUIRE(results.size() == 2);
  CHECK(results[1]->key == "b");
}

TEST_CASE("an atomic batch with a malformed request, or too many, is not run") {
  const auto never = [](const std::vector<core::Operation>&) -> std::vector<Answer> {
    FAIL("was run");
    return {};
  };
  const auto results = engine::submit_atomic({transfer("a"), transfer("")}, never);
  CHECK(results[0].error().code == ErrorCode::atomic_batch_declined);
  CHECK(results[1].error().code == ErrorCode::invalid_key);

  const std::vector<Result<core::Operation>> many(kMaxAtomicRequests + 1, transfer("a"));
  const auto refused = engine::submit_atomic(many, never);
  REQUIRE(refused.size() == many.size());
  CHECK(refused.back().error().code == ErrorCode::batch_too_large);
  CHECK(engine::submit_atomic({}, never).empty());
}
