#include <functional>
#include <gtest/gtest.h>

#include "tests/model/file_image.h"

namespace crossover::model::test {
namespace {

struct Damage {
  const char* name;
  RawFile file;
  const char* message;  // a part of what is to be said
};

void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

const std::string long_key(65'536, 'k');
const std::string long_name(65, 'n');
constexpr std::uint64_t huge = ~std::uint64_t{0};
constexpr std::uint64_t two_33 = std::uint64_t{1} << 33;

RawFile nested_arrays(int depth) {
  RawFile file = RawFile::head(0, 1).key("k", ValueType::array);
  for (int i = 1; i < depth; ++i) file.u32(9).u64(1);
  return file.here().u32(0).u64(1).u8(7);
}

std::vector<Damage> of_the_beginning() {
  return {
      {"Empty", RawFile(), "the file is empty"},
      {"TooShortForMagic", RawFile().raw("GG"), "the file ends within the magic number"},
      {"OtherMagic", RawFile().raw("GGML").u32(3).u64(0).u64(0), "begins with 'GGML'; expected"},
      {"MagicOfControlBytes", RawFile().raw("\x1b[2J").u32(3), "begins with '\\x1b[2J'"},
      {"NoVersion", RawFile().raw("GGUF").here(), "the file ends within the version"},
      {"Version1", RawFile().raw("GGUF").here().u32(1).u64(0).u64(0), "version 1; expected 2 or 3"},
      {"Version4", RawFile().raw("GGUF").here().u32(4).u64(0).u64(0), "version 4; expected 2 or 3"},
      {"BigEndian", RawFile().raw("GGUF").here().u32(0x03000000).u64(0).u64(0),
       "version 3 in big-endian order"},
      {"NoCounts", RawFile().raw("GGUF").u32(3).here(), "ends within the number of tensors"},
      {"HugeNumberOfTensors", RawFile().raw("GGUF").u32(3).here().u64(huge).u64(0),
       "the number of tensors is 18446744073709551615"},
      {"HugeNumberOfKeys", RawFile().raw("GGUF").u32(3).u64(0).here().u64(huge),
       "the number of keys is 18446744073709551615"},
      {"OneKeyTooMany",
       RawFile().raw("GGUF").u32(3).u64(0).here().u64(2).key("k", ValueType::u8).u8(1),
       "the number of keys is 2, each at least 14 bytes; only 14 bytes are left"},
  };
}

std::vector<Damage> of_metadata() {
  using enum ValueType;
  return {
      {"KeyBeyondFile", RawFile::head(0, 1).here().u64(huge).raw("kkkkkkkk"),
       "the name of key 0 is 18446744073709551615 bytes long; only 8 bytes are left"},
      {"EmptyKey", RawFile::head(0, 1).here().text("").u32(0).u8(1).u8(0),
       "the name of key 0 is empty"},
      {"LongKey", RawFile::head(0, 1).here().key(long_key, u8).u8(1),
       "the name of key 0 is 65536 bytes long; expected at most 65535"},
      {"UnknownValueType", RawFile::head(0, 1).text("k").here().u32(13).u8(1),
       "key 'k' has values of type 13; expected 0..12"},
      {"KeyTwice", RawFile::head(0, 2).key("k", u8).u8(1).here().key("k", u8).u8(1),
       "key 'k' stands there twice; the first time at byte 24"},
      {"BoolOf2", RawFile::head(0, 1).key("k", boolean).here().u8(2),
       "key 'k' is bool 2; expected 0 or 1"},
      {"NumberBeyondFile", RawFile::head(0, 1).key("k", f64).here().u32(1),
       "the file ends within the value of key 'k': expected 8 bytes, 4 are left"},
      {"StringBeyondFile", RawFile::head(0, 1).key("k", string).here().u64(5).raw("four"),
       "the value of key 'k' is 5 bytes long; only 4 bytes are left"},
      {"ArrayBeyondFile", RawFile::head(0, 1).key("k", array).u32(4).here().u64(3).u64(0),
       "the length of the array of key 'k' is 3, each at least 4 bytes; only 8 bytes are left"},
      // 2^62 elements of 8 bytes: the product is 2^65.
      {"ArrayWhoseSizeOverflows",
       RawFile::head(0, 1).key("k", array).u32(10).here().u64(1ULL << 62),
       "the length of the array of key 'k' is 4611686018427387904"},
      {"ArrayOfUnknownType", RawFile::head(0, 1).key("k", array).here().u32(77).u64(0),
       "key 'k' has values of type 77"},
      {"ArrayOfWrongBools", RawFile::head(0, 1).key("k", array).u32(7).u64(2).u8(1).here().u8(9),
       "key 'k' is bool 9"},
      {"StringOfArrayBeyondFile",
       RawFile::head(0, 1).key("k", array).u32(8).u64(2).text("a").here().u64(9).raw("bcd"),
       "the value of key 'k' is 9 bytes long; only 3 bytes are left"},
      {"ArraysTooDeep", nested_arrays(most_nested_arrays + 1),
       "key 'k' has arrays in arrays more than 4 deep"},
      {"AlignmentOf0", RawFile::head(0, 1).key("general.alignment", u32).here().u32(0),
       "general.alignment is 0; expected a multiple of 8"},
      {"AlignmentOf12", RawFile::head(0, 1).key("general.alignment", u32).here().u32(12),
       "general.alignment is 12; expected a multiple of 8"},
      {"HugeAlignment", RawFile::head(0, 1).key("general.alignment", u64).here().u64(huge - 7),
       "general.alignment is 18446744073709551608; expected"},
      {"AlignmentAsText", RawFile::head(0, 1).key("general.alignment", string).here().text("32"),
       "key 'general.alignment' is string; expected an integer from 0"},
      {"NegativeAlignment", RawFile::head(0, 1).key("general.alignment", i32).here().u32(~0U),
       "key 'general.alignment' is i32 -1; expected an integer from 0"},
  };
}

std::vector<Damage> of_tensors() {
  return {
      {"EmptyName", RawFile::head(1, 0).here().tensor("", 1, 0, 0).u8(0),
       "the name of tensor 0 is empty"},
      {"LongName", RawFile::head(1, 0).here().tensor(long_name, 1, 0, 0),
       "the name of tensor 0 is 65 bytes long; expected at most 64"},
      {"NoDimension", RawFile::head(1, 0).text("t").here().u32(0).u64(1).u32(0).u64(0),
       "tensor 't' has 0 dimensions; expected 1..4"},
      {"FiveDimensions", RawFile::head(1, 0).text("t").here().u32(5).weights(64),
       "tensor 't' has 5 dimensions; expected 1..4"},
      {"ZeroDimension", RawFile::head(1, 0).text("t").u32(2).u64(4).here().u64(0).u32(0).u64(0),
       "dimension 1 of tensor 't' is 0"},
      {"TooManyElements",
       RawFile::head(1, 0).text("t").u32(2).u64(two_33).here().u64(two_33).u32(0).u64(0),
       "tensor 't' has more than 2^64 elements"},
      {"TooManyBytes",
       RawFile::head(1, 0).text("t").u32(2).u64(two_33).u64(two_33 / 16).u32(0).here().u64(0),
       "tensor 't' (f32 8589934592 x 536870912, offset 0) ends beyond the file"},
      {"UnknownType", RawFile::head(1, 0).text("t").u32(1).u64(32).here().u32(4).u64(0),
       "tensor 't' has type 4; expected one of 0 f32, 1 f16"},
      {"PartOfABlock", RawFile::head(1, 0).text("t").u32(1).u64(33).here().u32(8).u64(0),
       "tensor 't' has rows of 33 elements; q8_0 expects a multiple of 32"},
      {"NameTwice",
       RawFile::head(2, 0).tensor("t", 8, 0, 0).here().tensor("t", 8, 0, 32).weights(64),
       "tensor 't' stands there twice; the first time at byte 24"},
      {"NotAligned", RawFile::head(1, 0).text("t").u32(1).u64(8).u32(0).here().u64(8).weights(64),
       "tensor 't' has the offset 8; expected a multiple of general.alignment, 32"},
      {"BeyondFile", RawFile::head(1, 0).text("t").u32(1).u64(9).u32(0).here().u64(0).weights(32),
       "tensor 't' (f32 9, offset 0) ends beyond the file, which has 32 bytes of weights from byte "
       "64"},
      {"OffsetBeyondFile",
       RawFile::head(1, 0).text("t").u32(1).u64(1).u32(0).here().u64(64).weights(32),
       "ends beyond the file"},
      {"OffsetThatOverflows",
       RawFile::head(1, 0).text("t").u32(1).u64(8).u32(0).here().u64(huge - 31).weights(32),
       "ends beyond the file"},
      {"NoWeights", RawFile::head(1, 0).text("t").u32(1).u64(8).u32(0).here().u64(0),
       "which has 0 bytes of weights"},
      {"Overlap",
       RawFile::head(2, 0)
           .tensor("a", 9, 0, 0)
           .text("b")
           .u32(1)
           .u64(1)
           .u32(0)
           .here()
           .u64(32)
           .weights(64),
       "tensor 'b' begins at byte 128, within tensor 'a', which ends at byte 132"},
      {"SamePlace",
       RawFile::head(2, 0)
           .tensor("a", 8, 0, 32)
           .text("b")
           .u32(1)
           .u64(8)
           .u32(0)
           .here()
           .u64(32)
           .weights(64),
       "within tensor 'a'"},
      {"TooFewTensors",
       RawFile::head(2, 0).tensor("a", 1, 0, 0).here().u64(huge).raw(std::string(64, 'x')),
       "the name of tensor 1 is 18446744073709551615 bytes long"},
  };
}

class DamagedFile : public testing::TestWithParam<Damage> {};

TEST_P(DamagedFile, IsRefusedWithItsPlace) {
  const RawFile& file = GetParam().file;
  try {
    GgufFile::parse(bytes_of(file.bytes()), "test.gguf");
    FAIL() << "accepted";
  } catch (const GgufError& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.offset(), file.marked()) << message;
    EXPECT_EQ(message.rfind(fmt::format("test.gguf: byte {}: ", file.marked()), 0), 0U) << message;
    EXPECT_NE(message.find(GetParam().message), std::string::npos) << message;
  }
}

std::string name_of_damage(const testing::TestParamInfo<Damage>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Beginning, DamagedFile, testing::ValuesIn(of_the_beginning()),
                         name_of_damage);
INSTANTIATE_TEST_SUITE_P(Metadata, DamagedFile, testing::ValuesIn(of_metadata()), name_of_damage);
INSTANTIATE_TEST_SUITE_P(Tensors, DamagedFile, testing::ValuesIn(of_tensors()), name_of_damage);

TEST(GgufLimits, WhatIsJustAllowedIsAccepted) {
  const RawFile deep = nested_arrays(most_nested_arrays);
  EXPECT_EQ(GgufFile::parse(bytes_of(deep.bytes()), "deep").metadata().size(), 1U);
  const RawFile names = RawFile::head(1, 1)
                            .key(long_key.substr(1), ValueType::u8)
                            .u8(1)
                            .tensor(long_name.substr(1), 8, 0, 0)
                            .weights(32);
  EXPECT_EQ(GgufFile::parse(bytes_of(names.bytes()), "names").tensors().size(), 1U);
  const RawFile neighbours =
      RawFile::head(2, 0).tensor("a", 8, 0, 32).tensor("b", 8, 0, 0).weights(64);
  const GgufFile file = GgufFile::parse(bytes_of(neighbours.bytes()), "neighbours");
  EXPECT_EQ(file.tensor("a").offset, file.tensor("b").offset + 32);
}

TEST(GgufVersions, Version2IsReadLikeVersion3) {
  const RawFile file = RawFile::head(0, 1, 2).key("k", ValueType::u32).u32(7);
  const GgufFile parsed = GgufFile::parse(bytes_of(file.bytes()), "two");
  EXPECT_EQ(parsed.version(), 2U);
  EXPECT_EQ(parsed.get<std::uint64_t>("k"), 7U);
}

}  // namespace
}  // namespace crossover::model::test
