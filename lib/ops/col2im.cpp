// Col2Im: columns of blocks [n, c * block, blocks] summed back into an image [n, c, spatial...].
#include "base/checked.h"
#include "ops/compute.h"
#include "ops/window.h"

namespace mo::ops {
namespace {

Window block_window(const Node& n, std::span<const int64_t> block) {
  for (int64_t b : block) require(b >= 1, Code::shape, "block_shape has an entry ", b);
  Node plain = n;
  plain.erase("kernel_shape");
  plain.erase("auto_pad");
  plain.erase("ceil_mode");
  return read_window(plain, block.size(), block);
}

void infer(Infer& c) {
  expect_rank(c, 0, 3);
  auto image = c.known_ints(1), block = c.known_ints(2);
  int64_t axes = image ? static_cast<int64_t>(image->size()) : dim_of(c, 1, 0).size;
  if (axes < 0) return c.set_unranked(0, c.dtype());
  std::vector<Dim> dims(static_cast<size_t>(axes) + 2);
  dims[0] = dim_of(c, 0, 0);
  if (block && dim_of(c, 0, 1).known()) {
    for (int64_t b : *block) require(b >= 1, Code::shape, "block_shape is ", *block);
    int64_t size = checked_product(*block);
    require(dim_of(c, 0, 1).size % size == 0, Code::shape, "axis 1 of ", dim_of(c, 0, 1).size, " elements in blocks of ", size);
    dims[1] = known_dim(dim_of(c, 0, 1).size / size);
  }
  for (size_t i = 0; image && i < image->size(); ++i) {
    require((*image)[i] >= 0, Code::shape, "image_shape is ", *image);
    dims[i + 2] = known_dim((*image)[i]);
  }
  c.set(0, c.dtype(), std::move(dims));
}

void run(Run& c) {
  require_rank(c, 0, 3);
  Shape image = c.in(1).integers(), block = c.in(2).integers();
  require(image.size() == block.size() && !image.empty(), Code::shape, "image_shape is ", image, ", block_shape ", block);
  Window w = block_window(c.node, block);
  Shape counts = resolve_window(w, image);
  const Shape& s = c.in(0).shape();
  int64_t block_size = checked_product(block), blocks = checked_product(counts), plane = checked_product(image);
  require(s[1] % block_size == 0 && s[2] == blocks, Code::shape, "input has shape ", s, ", wants [n, c * ", block_size, ", ", blocks, "]");
  int64_t channels = s[1] / block_size;
  Shape shape{s[0], channels};
  shape.insert(shape.end(), image.begin(), image.end());
  std::vector<double> x = doubles(c.in(0)), y(static_cast<size_t>(element_count(shape)), 0.0);
  std::vector<int64_t> tap(block.size()), position(block.size());
  for (int64_t nc = 0; nc < s[0] * channels; ++nc) {
    int64_t k = 0;
    std::fill(tap.begin(), tap.end(), 0);
    do {
      int64_t b = 0;
      std::fill(position.begin(), position.end(), 0);
      if (blocks > 0) do {
          int64_t at = 0;
          bool inside_image = true;
          for (size_t a = 0; a < image.size(); ++a) {
            int64_t i = position[a] * w.stride[a] - w.pad_begin[a] + tap[a] * w.dilation[a];
            inside_image = inside_image && i >= 0 && i < image[a];
            at = at * image[a] + i;
          }
          if (inside_image) y[static_cast<size_t>(nc * plane + at)] += x[static_cast<size_t>((nc * block_size + k) * blocks + b)];
          ++b;
        } while (next_position(position, counts));
      ++k;
    } while (next_position(tap, block));
  }
  Tensor& out = c.out(0, c.dtype(), shape);
  convert_elements(DType::f64, y.data(), c.dtype(), out.raw_mutable(), out.size());
}

}  // namespace

extern const OpDef col2im{.name = "Col2Im", .min_inputs = 3, .max_inputs = 3, .infer = infer, .run = run, .since = 18};

}  // namespace mo::ops
