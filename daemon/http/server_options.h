#pragma once

#include <chrono>
#include <cstddef>

#include "http/framing.h"

namespace ledgerd::http {

/// A timeout of zero means that there is none.
struct ServerOptions {
  /// Size limits of one request; see FramingLimits.
  FramingLimits limits;

  /// Threads that run the handler. Default 64: handlers wait in group commit, and as many transfers
  /// can share a commit as there are threads. Lower it for handlers that compute.
  std::size_t workers = 64;

  /// Complete requests that may wait for a thread; more are answered 503. Default 1024. Lower it
  /// to shed load earlier: a queue longer than clients wait for does work that nobody wants.
  std::size_t max_queued = 1024;

  /// Open connections; more are answered 503 and closed. Default 10,000, lowered to what the
  /// limit on open files allows. An idle one costs about half a kilobyte, and no thread.
  std::size_t max_connections = 10'000;

  /// Bytes buffered for all connections together; the one that would exceed it is answered 503
  /// and closed. Default 256 MiB. Lower it on a small machine.
  std::size_t max_buffered_bytes = std::size_t{256} * 1024 * 1024;

  /// From the first byte of a request to its last, however slowly they come; 408 beyond. Default
  /// 10 s. Raise it for large bodies over slow links.
  std::chrono::milliseconds request_timeout{10'000};

  /// How long a connection may stay open between requests; then it is closed without a word.
  /// Default 75 s. Keep it above the idle time of the proxy or balancer in front, so that it is
  /// the proxy that closes.
  std::chrono::milliseconds idle_timeout{75'000};

  /// From the first byte of a response that the socket does not take at once to its last. Default
  /// 10 s. Raise it for large responses over slow links.
  std::chrono::milliseconds write_timeout{10'000};
};

}  // namespace ledgerd::http
