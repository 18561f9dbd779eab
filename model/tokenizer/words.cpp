#include "model/tokenizer/words.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdexcept>

namespace crossover::model {

struct WordPattern::Code {
  pcre2_code* compiled = nullptr;
};

namespace {

/// One per thread, since a match writes into it and allocating one costs as much as the match.
pcre2_match_data* match_data() {
  struct Free {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  thread_local const std::unique_ptr<pcre2_match_data, Free> data(
      pcre2_match_data_create(1, nullptr));
  if (!data) throw std::bad_alloc();
  return data.get();
}

}  // namespace

WordPattern::WordPattern(const char* pattern) : code_(std::make_unique<Code>()) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  code_->compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED,
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &error, &offset, nullptr);
  if (code_->compiled == nullptr) throw std::logic_error("the pattern of words is wrong");
  // Without it (no executable memory) matching is slower and the same.
  pcre2_jit_compile(code_->compiled, PCRE2_JIT_COMPLETE);
}

WordPattern::~WordPattern() { pcre2_code_free(code_->compiled); }

std::size_t WordPattern::word_length(std::string_view text, std::size_t from) const {
  pcre2_match_data* const data = match_data();
  const int found = pcre2_match(code_->compiled, reinterpret_cast<PCRE2_SPTR>(text.data()),
                                text.size(), from, 0, data, nullptr);
  if (found < 0) return text.size() - from;
  const PCRE2_SIZE* const place = pcre2_get_ovector_pointer(data);
  if (place[0] > from) return place[0] - from;
  return place[1] > from ? place[1] - from : 1;
}

}  // namespace crossover::model
