// Sources: model/gguf/*.cpp
// Any bytes as a GGUF file: refused with an error, or everything that it holds can be read.

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/model/read_everything.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crossover::model;
  try {
    const GgufFile file = GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
    test::ReadEverything everything(file);
  } catch (const GgufError&) {
  }
  return 0;
}
