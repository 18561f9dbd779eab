#include <functional>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/model/file_image.h"

namespace crossover::model::test {
namespace {

class VariedFile : public testing::Test {
 protected:
  const std::string image = image_of(varied_header());
  const GgufFile file = GgufFile::parse(bytes_of(image), "varied");

  /// What get<T>() says about a key.
  template <class T>
  std::string refusal(const char* key) const {
    try {
      file.get<T>(key);
    } catch (const GgufError& error) {
      return error.what();
    }
    return "accepted";
  }
};

TEST_F(VariedFile, HasEveryValue) {
  EXPECT_EQ(file.version(), 3U);
  EXPECT_EQ(file.get<std::string_view>("general.architecture"), "test");
  EXPECT_EQ(file.get<std::uint64_t>("a.u8"), 200U);
  EXPECT_EQ(file.get<std::int64_t>("a.i8"), -100);
  EXPECT_EQ(file.get<std::int64_t>("a.u16"), 60'000);
  EXPECT_EQ(file.get<std::int64_t>("a.i16"), -30'000);
  EXPECT_EQ(file.get<std::uint64_t>("a.u32"), 4'000'000'000U);
  EXPECT_EQ(file.get<std::int64_t>("a.i32"), -2'000'000'000);
  EXPECT_EQ(file.get<double>("a.f32"), 1.5);
  EXPECT_EQ(file.get<bool>("a.bool"), true);
  EXPECT_EQ(file.get<std::string_view>("a.string"), "naïve \x01 text");
  EXPECT_EQ(file.get<std::uint64_t>("a.u64"), std::uint64_t{1} << 63);
  EXPECT_EQ(file.get<std::int64_t>("a.i64"), std::int64_t{-1} << 62);
  EXPECT_EQ(file.get<double>("a.f64"), 0.1);
  EXPECT_EQ(file.get<std::vector<bool>>("b.bools"), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(file.get<std::vector<double>>("b.floats"), (std::vector<double>{0.5, -2}));
  EXPECT_EQ(file.get<std::vector<std::string_view>>("b.strings"),
            (std::vector<std::string_view>{"one", "", "three"}));
  EXPECT_TRUE(file.get<std::vector<std::int64_t>>("b.empty").empty());
}

TEST_F(VariedFile, HasArraysInArrays) {
  std::vector<std::vector<std::string>> found;
  file.find("b.nested")->for_each([&](const Value& inner) {
    found.emplace_back();
    inner.for_each([&](const Value& element) {
      found.back().emplace_back(*element.text());
      return true;
    });
    return true;
  });
  EXPECT_EQ(found, (std::vector<std::vector<std::string>>{{"x"}, {}, {"y", "z"}}));
}

TEST_F(VariedFile, TellsMissingFromWrong) {
  EXPECT_EQ(file.find("c"), nullptr);
  EXPECT_EQ(file.find_as<double>("c"), std::nullopt);
  EXPECT_EQ(refusal<double>("c"), "varied: has no key 'c'");
  const auto at = [&](const char* key) { return file.find(key)->offset(); };
  EXPECT_EQ(refusal<double>("a.u8"),
            fmt::format("varied: byte {}: key 'a.u8' is u8 200; expected f32 or f64", at("a.u8")));
  EXPECT_EQ(refusal<std::uint64_t>("a.i8"),
            fmt::format("varied: byte {}: key 'a.i8' is i8 -100; expected an integer from 0",
                        at("a.i8")));
  EXPECT_EQ(refusal<std::int64_t>("a.u64"),
            fmt::format("varied: byte {}: key 'a.u64' is u64 9223372036854775808; expected an "
                        "integer of up to 63 bits",
                        at("a.u64")));
  EXPECT_EQ(refusal<std::string_view>("b.floats"),
            fmt::format("varied: byte {}: key 'b.floats' is array of f32; expected string",
                        at("b.floats")));
  EXPECT_EQ(refusal<std::vector<double>>("a.f64"),
            fmt::format("varied: byte {}: key 'a.f64' is f64; expected an array whose elements are "
                        "f32 or f64",
                        at("a.f64")));
  // Behind type and length of the array.
  EXPECT_EQ(refusal<std::vector<bool>>("b.strings"),
            fmt::format("varied: byte {}: element 0 of key 'b.strings' is string; expected bool",
                        at("b.strings") + 12));
}

TEST_F(VariedFile, HasEveryTensor) {
  ASSERT_EQ(file.tensors().size(), 5U);
  const Tensor& second = file.tensor("second.weight", {64, 2, 1, 2});
  EXPECT_EQ(second.type, TensorType::q8_0);
  EXPECT_EQ(second.rows(), 4U);
  EXPECT_EQ(second.bytes.size(), 64U / 32 * 34 * 4);
  EXPECT_EQ(second.offset, file.data_offset() + 64);  // 48 bytes of the first, padded
  EXPECT_EQ(second.row(3).data(), second.bytes.data() + 3 * 68);
  EXPECT_EQ(second.bytes[0], std::byte{64});
  EXPECT_EQ(file.tensor("fifth.weight").bytes.size(), 210U);
  EXPECT_EQ(file.find_tensor("sixth.weight"), nullptr);
  EXPECT_THROW(file.tensor("sixth.weight"), GgufError);
  try {
    file.tensor("first.weight", {3, 4});
    FAIL();
  } catch (const GgufError& error) {
    EXPECT_STREQ(error.what(), "varied: tensor 'first.weight' is 4 x 3; expected 3 x 4");
  }
}

TEST(GgufHeader, RefusesWhatAReaderWouldRefuse) {
  GgufHeader header;
  header.set("key", 1);
  EXPECT_THROW(header.set("key", 2), std::invalid_argument);
  EXPECT_THROW(header.set("", 1), std::invalid_argument);
  EXPECT_THROW(header.set("general.alignment", 64), std::invalid_argument);
  header.add_tensor("t", TensorType::f32, {1});
  EXPECT_THROW(header.add_tensor("t", TensorType::f32, {1}), std::invalid_argument);
  EXPECT_THROW(header.add_tensor("", TensorType::f32, {1}), std::invalid_argument);
  EXPECT_THROW(header.add_tensor("u", TensorType::f32, {}), std::invalid_argument);
  EXPECT_THROW(header.add_tensor("u", TensorType::f32, {4, 0}), std::invalid_argument);
  EXPECT_THROW(header.add_tensor("u", TensorType::q8_0, {31}), std::invalid_argument);
  EXPECT_THROW(header.add_tensor("u", TensorType::f32, {1ULL << 33, 1ULL << 33}),
               std::invalid_argument);
  EXPECT_THROW(header.add_tensor(std::string(65, 'n'), TensorType::f32, {1}),
               std::invalid_argument);
  EXPECT_THROW(GgufHeader(12), std::invalid_argument);
  EXPECT_THROW(GgufHeader(0), std::invalid_argument);
}

using Check = std::function<bool(const GgufFile&)>;

/// Sets a key to an array of random values; the result says whether a file has it.
template <class T>
Check set_random(GgufHeader& header, const std::string& key,
                 std::function<bool(const Value&, const T&)> same) {
  const auto values = *rc::gen::arbitrary<std::vector<T>>();
  header.set(key, values);
  return [key, values, same](const GgufFile& file) {
    std::size_t i = 0;
    bool equal = file.find(key)->length() == values.size();
    file.find(key)->for_each([&](const Value& element) {
      equal = equal && same(element, values[i++]);
      return equal;
    });
    return equal;
  };
}

/// The same with values of a random type.
Check set_random(GgufHeader& header, const std::string& key) {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return set_random<std::int16_t>(
          header, key, [](const Value& v, std::int16_t x) { return v.signed_integer() == x; });
    case 1:
      return set_random<std::uint64_t>(
          header, key, [](const Value& v, std::uint64_t x) { return v.unsigned_integer() == x; });
    case 2:
      return set_random<std::string>(header, key, [](const Value& v, const std::string& x) {
        return v.text() == std::string_view(x);
      });
    default:
      return set_random<std::vector<std::uint8_t>>(
          header, key, [](const Value& v, const std::vector<std::uint8_t>& x) {
            return v.length() == x.size() && v.bytes().size() == x.size() + 12;
          });
  }
}

/// Adds a tensor of random type and extents; the result says whether a file has it.
Check add_random_tensor(GgufHeader& header) {
  const auto types = tensor_types();
  const TensorTypeInfo& info = types[*rc::gen::inRange<std::size_t>(0, types.size())];
  Extents extents;
  extents.dimensions = *rc::gen::inRange<std::size_t>(1, most_dimensions + 1);
  for (std::size_t d = 0; d < extents.dimensions; ++d) {
    extents.along[d] = *rc::gen::inRange<std::uint64_t>(1, 4);
  }
  extents.along[0] *= info.block_elements;
  const std::string name = fmt::format("tensor.{}", header.tensor_count());
  const std::size_t number = header.add_tensor(name, info.type, extents);
  return [=, type = info.type, offset = header.tensor_offset(number),
          bytes = header.tensor_bytes(number)](const GgufFile& file) {
    const Tensor& tensor = file.tensors()[number];
    return tensor.name == name && tensor.type == type && tensor.extents == extents &&
           tensor.offset == file.data_offset() + offset && tensor.bytes.size() == bytes;
  };
}

TEST(GgufHeader, WhateverIsWrittenIsRead) {
  EXPECT_TRUE(rc::check([] {
    const auto alignment = *rc::gen::element<std::uint64_t>(8, 24, 32, 64, 4096);
    GgufHeader header(alignment);
    std::vector<Check> checks;
    const int keys = *rc::gen::inRange(0, 8);
    for (int i = 0; i < keys; ++i) checks.push_back(set_random(header, fmt::format("key.{}", i)));
    const int tensors = *rc::gen::inRange(0, 6);
    for (int i = 0; i < tensors; ++i) checks.push_back(add_random_tensor(header));
    const std::string image = image_of(header);
    const GgufFile file = GgufFile::parse(bytes_of(image), "random");
    RC_ASSERT(file.alignment() == alignment);
    RC_ASSERT(file.tensors().size() == header.tensor_count());
    for (const Check& check : checks) RC_ASSERT(check(file));
  }));
}

}  // namespace
}  // namespace crossover::model::test
