#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/model/file_image.h"
#include "tests/model/guarded_bytes.h"
#include "tests/model/read_everything.h"

namespace crossover::model::test {
namespace {

/// Whether the bytes are accepted; then all of it is read, too. Any other exception than an error
/// that names a place in the file, and any access behind it, fails.
bool accepted(std::span<const std::byte> bytes) {
  try {
    const GgufFile file = GgufFile::parse(bytes, "mutant");
    ReadEverything everything(file);
    return true;
  } catch (const GgufError& error) {
    EXPECT_LE(error.offset(), bytes.size()) << error.what();
    EXPECT_EQ(std::string(error.what()).rfind("mutant: byte ", 0), 0U) << error.what();
    return false;
  }
}

TEST(Mutants, TheWholeFileIsAccepted) {
  const std::string image = image_of(varied_header());
  const GuardedBytes bytes(bytes_of(image));
  EXPECT_TRUE(accepted(bytes.view()));
}

TEST(Mutants, EveryTruncationIsRefused) {
  const std::string image = image_of(varied_header());
  const std::size_t needed = image.size() - 14;  // the last tensor takes 210 bytes of 224
  for (std::size_t size = 0; size < image.size(); ++size) {
    const GuardedBytes bytes(bytes_of(image).first(size));
    EXPECT_EQ(accepted(bytes.view()), size >= needed) << size;
  }
}

TEST(Mutants, EveryByteMayBeAnything) {
  const std::string image = image_of(varied_header());
  const GuardedBytes bytes(bytes_of(image));
  const std::size_t weights = varied_header().encoded().size();
  int refused = 0;
  for (std::size_t i = 0; i < weights; ++i) {
    const std::byte original = bytes.view()[i];
    for (const unsigned flipped : {0x01U, 0x02U, 0x10U, 0x80U, 0xFFU}) {
      bytes.view()[i] = original ^ static_cast<std::byte>(flipped);
      refused += accepted(bytes.view()) ? 0 : 1;
    }
    bytes.view()[i] = original;
  }
  EXPECT_GT(refused, 1000);
  for (std::size_t i = weights; i < image.size(); ++i) {
    bytes.view()[i] ^= std::byte{0xFF};
    EXPECT_TRUE(accepted(bytes.view())) << i;
  }
}

TEST(Mutants, EveryFieldOf8BytesMayBeHuge) {
  const std::string image = image_of(varied_header());
  const GuardedBytes bytes(bytes_of(image));
  const std::size_t weights = varied_header().encoded().size();
  for (const std::uint64_t value : {~0ULL, 1ULL << 61, 0ULL}) {
    for (std::size_t i = 0; i + sizeof(value) <= weights; ++i) {
      std::byte* at = bytes.view().data() + i;
      std::byte original[sizeof(value)];
      std::memcpy(original, at, sizeof(value));
      std::memcpy(at, &value, sizeof(value));
      accepted(bytes.view());
      std::memcpy(at, original, sizeof(value));
    }
  }
}

TEST(Mutants, SeveralBytesAtOnce) {
  const std::string image = image_of(varied_header());
  EXPECT_TRUE(rc::check([&] {
    const GuardedBytes bytes(bytes_of(image));
    const int count = *rc::gen::inRange(1, 12);
    for (int i = 0; i < count; ++i) {
      const auto place = *rc::gen::inRange<std::size_t>(0, image.size());
      bytes.view()[place] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
    }
    accepted(bytes.view());
  }));
}

}  // namespace
}  // namespace crossover::model::test
