#include "stress/report.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace ledgerd::stress {
namespace {

constexpr std::size_t kMostBreaches = 20;

double milliseconds(std::chrono::microseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string line(const Row& row) {
  const Tally& tally = row.tally;
  const double seconds = std::chrono::duration<double>(row.time).count();
  const auto answered = static_cast<double>(tally.requests - tally.retried);
  return fmt::format("{:<24}{:>9}{:>9}{:>9}{:>9}{:>9}{:>15}{:>9.1f}{:>9.1f}{:>11.0f}\n",
                     row.workload, tally.requests, tally.ok, tally.replayed, tally.declined,
                     tally.retried, fmt::format("{} > {}", tally.in_doubt, tally.resolved),
                     milliseconds(tally.latencies.percentile(0.50)),
                     milliseconds(tally.latencies.percentile(0.99)),
                     seconds > 0 ? answered / seconds : 0);
}

}  // namespace

std::string headline(const Options& options, const std::string& run) {
  return fmt::format("run {}, seed {}, {} clients, {} server{}\n", run, options.seed,
                     options.clients, options.urls.size(), options.urls.size() == 1 ? "" : "s");
}

std::string table(std::span<const Row> rows, std::uint64_t crashes) {
  std::string text = fmt::format("\n{:<24}{:>9}{:>9}{:>9}{:>9}{:>9}{:>15}{:>9}{:>9}{:>11}\n", "",
                                 "requests", "ok", "replayed", "declined", "retried",
                                 "doubt > solved", "p50 ms", "p99 ms", "requests/s");
  for (const Row& row : rows)
    text += line(row);
  if (crashes > 0) text += fmt::format("\n{} crashes\n", crashes);
  return text;
}

std::string findings(std::span<const Check> checks) {
  std::string text = "\n";
  for (const Check& check : checks) {
    const char* verdict = check.is_open ? "open" : "ok";
    if (!check.breaches.empty()) verdict = "BREACH";
    text += fmt::format("{:<26}{:<8}{}\n", check.name, verdict, check.finding);
    const std::size_t shown = std::min(check.breaches.size(), kMostBreaches);
    for (std::size_t i = 0; i < shown; ++i)
      text += fmt::format("  {}\n", check.breaches[i]);
    if (shown < check.breaches.size()) {
      text += fmt::format("  and {} more\n", check.breaches.size() - shown);
    }
  }
  return text;
}

Progress::Progress(bool wanted) : wanted_(wanted && isatty(STDERR_FILENO) == 1) {}

void Progress::show(const std::string& workload, double share, std::uint64_t transfers,
                    std::uint64_t crashes) {
  if (!wanted_) return;
  constexpr int kWidth = 30;
  const int full = static_cast<int>(share * kWidth);
  const std::string text =
      fmt::format("\r\x1b[K{:<24}[{:=<{}}{:<{}}] {:>3.0f}%  {} transfers{}", workload, "", full, "",
                  kWidth - full, share * 100, transfers,
                  crashes == 0 ? "" : fmt::format(", {} crashes", crashes));
  std::fputs(text.c_str(), stderr);
  is_shown_ = true;
}

void Progress::clear() {
  if (is_shown_) std::fputs("\r\x1b[K", stderr);
  is_shown_ = false;
}

}  // namespace ledgerd::stress
