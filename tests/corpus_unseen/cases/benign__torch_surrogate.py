import torch
from torch import nn


class Surrogate(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, 2))

    def forward(self, x):
        return self.net(x)


def train(model, x, y, steps=200):
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    model.train()
    for step in range(steps):
        opt.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
        if step % 50 == 0:
            print(step, loss.item())
    return model


torch.manual_seed(0)
x = torch.randn(256, 4)
y = torch.stack([x[:, 0] * x[:, 1], x[:, 2] - x[:, 3]], dim=1)
model = train(Surrogate(), x, y)
model.eval()
with torch.no_grad():
    residual = (model(x) - y).abs().mean()
print("mean residual", float(residual))
