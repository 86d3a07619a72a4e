"""Products on CUDA devices: kernels of numba-cuda that read table files, and programs in CUDA C++."""

from coupling.interop.cuda.product import CudaProduct
from coupling.interop.cuda.source import cuda_source

__all__ = ["CudaProduct", "cuda_source"]
