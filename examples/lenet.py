"""LeNet on digits, as it is written for torch: only the import line differs.

python examples/lenet.py
"""

from pathlib import Path

import numpy as np

from jit import torch  # with torch: import torch

nn = torch.nn
F = torch.nn.functional

DIGITS = Path(__file__).parent / "data" / "digits.npz"


class LeNet(nn.Module):
    """Source: LeCun, Bottou, Bengio and Haffner, Gradient-based learning, 1998."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def read(count):
    """Images as LeNet takes them, 28 x 28, and their labels."""
    with np.load(DIGITS) as file:
        images = torch.tensor(file["images"][:count].astype(np.float32)) / 16
        labels = torch.tensor(file["labels"][:count].astype(np.int64))
    images = F.interpolate(
        images.unsqueeze(1), size=(28, 28), mode="bilinear", align_corners=False
    )
    return images, labels


def make():
    """The model, its optimizer, and a function of a step's number that gives its loss."""
    model = LeNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    images, labels = read(320)

    def loss_of(step):
        batch = slice(16 * (step % 20), 16 * (step % 20) + 16)
        return F.cross_entropy(model(images[batch]), labels[batch])

    return model, optimizer, loss_of


def main() -> None:
    torch.manual_seed(0)
    model, optimizer, loss_of = make()
    for step in range(100):
        optimizer.zero_grad()
        loss = loss_of(step)
        loss.backward()
        optimizer.step()
        if step % 20 == 19:
            print(f"step {step + 1:3}  loss {loss.item():.4f}")
    model.eval()
    with torch.no_grad():
        images, labels = read(320)
        right = (model(images).argmax(1) == labels).float().mean().item()
    print(f"right on what it learned: {right:.1%}")


if __name__ == "__main__":
    main()
