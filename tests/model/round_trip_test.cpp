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

/// A value of a random type, and how to recognise it.
template <class T>
void set_random(GgufHeader& header, const std::string& key,
                std::vector<std::function<bool(const GgufFile&)>>& checks,
                std::function<bool(const Value&, const T&)> same) {
  const auto value = *rc::gen::arbitrary<std::vector<T>>();
  header.set(key, value);
  checks.push_back([key, value, same](const GgufFile& file) {
    std::size_t i = 0;
    bool equal = file.find(key)->length() == value.size();
    file.find(key)->for_each([&](const Value& element) {
      equal = equal && same(element, value[i++]);
      return equal;
    });
    return equal;
  });
}

TEST(GgufHeader, WhateverIsWrittenIsRead) {
  EXPECT_TRUE(rc::check([] {
    const auto alignment = *rc::gen::element<std::uint64_t>(8, 24, 32, 64, 4096);
    GgufHeader header(alignment);
    std::vector<std::function<bool(const GgufFile&)>> checks;
    const int keys = *rc::gen::inRange(0, 8);
    for (int i = 0; i < keys; ++i) {
      const std::string key = fmt::format("key.{}", i);
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          set_random<std::int16_t>(header, key, checks, [](const Value& v, const std::int16_t& x) {
            return v.signed_integer() == x;
          });
          break;
        case 1:
          set_random<std::uint64_t>(
              header, key, checks,
              [](const Value& v, const std::uint64_t& x) { return v.unsigned_integer() == x; });
          break;
        case 2:
          set_random<std::string>(header, key, checks, [](const Value& v, const std::string& x) {
            return v.text() == std::string_view(x);
          });
          break;
        default:
          set_random<std::vector<std::uint8_t>>(
              header, key, checks, [](const Value& v, const std::vector<std::uint8_t>& x) {
                return v.length() == x.size() && v.bytes().size() == x.size() + 12;
              });
      }
    }
    const int tensors = *rc::gen::inRange(0, 6);
    std::vector<std::pair<const TensorTypeInfo*, Extents>> expected;
    for (int i = 0; i < tensors; ++i) {
      const auto types = tensor_types();
      const TensorTypeInfo& info = types[*rc::gen::inRange<std::size_t>(0, types.size())];
      Extents extents;
      extents.dimensions = *rc::gen::inRange<std::size_t>(1, 5);
      for (std::size_t d = 0; d < extents.dimensions; ++d) {
        extents.along[d] = *rc::gen::inRange<std::uint64_t>(1, 4);
      }
      extents.along[0] *= info.block_elements;
      header.add_tensor(fmt::format("tensor.{}", i), info.type, extents);
      expected.emplace_back(&info, extents);
    }
    const std::string image = image_of(header);
    const GgufFile file = GgufFile::parse(bytes_of(image), "random");
    RC_ASSERT(file.alignment() == alignment);
    RC_ASSERT(file.tensors().size() == expected.size());
    for (const auto& check : checks) RC_ASSERT(check(file));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const Tensor& tensor = file.tensors()[i];
      RC_ASSERT(tensor.type == expected[i].first->type);
      RC_ASSERT(tensor.extents == expected[i].second);
      RC_ASSERT(tensor.offset == file.data_offset() + header.tensor_offset(i));
      RC_ASSERT(tensor.bytes.size() == header.tensor_bytes(i));
    }
  }));
}

}  // namespace
}  // namespace crossover::model::test
