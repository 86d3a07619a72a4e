"""Array programs traced by torch.export with a batch that may vary.

Source: pytorch/pytorch #134137 (NequIP with e3nn: the number of neighbours became a constant), pytorch #140011.
An array program has no Python operator, so LAMMPS, ONNX and C++ can run it.  Needs torch.
"""

import torch

from coupling.backends import array_api

x, y = torch.randn(2, 5, 9, 4).unbind()
batch = torch.export.Dim("batch", min=2, max=1000)
failed = []
for kind in ("Gaunt", "AntisymmetricGaunt", "MatrixProduct", "ClebschGordan", "FullProduct"):
    product = getattr(array_api, kind)(2, 2, 2)

    class Program(torch.nn.Module):
        def forward(self, x, y, product=product):
            return product(x, y)

    try:
        program = torch.export.export(Program(), (x, y), dynamic_shapes=({0: batch}, {0: batch})).module()
        torch.testing.assert_close(program(x[:3], y[:3]), product(x[:3], y[:3]))
    except Exception as error:
        failed.append(f"{kind}: {type(error).__name__} {str(error)[:200]}")
print("\n".join(failed))
raise SystemExit(bool(failed))
