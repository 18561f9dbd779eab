#pragma once

#include "harness/case.h"

namespace crossover::harness {

/// Changes where a coordinator of another version would misunderstand a worker, or the other way
/// round; new requests and members that may be missing leave it as it is.
inline constexpr int worker_protocol = 1;

/// The worker's side of the protocol: reads one JSON request per line from the socket `descriptor`,
/// answers each with one line, and returns when the coordinator hangs up.
///   {"do":"prepare","cell":{...},"cpus":[1,0],"check":true,"min_sample_seconds":0.001} -> cell
///   facts
///   {"do":"sample","iterations":100,"warm_up_seconds":0.0002}             -> sample
///   {"do":"release"}                                                      -> {}
///   {"do":"protocol"}                        -> {"protocol":1}; {} of workers that are older
void worker_main(int descriptor, const CaseFactory& make_case);

}  // namespace crossover::harness
