"""A small GPT over characters, as it is written for torch: only the import line differs.

python examples/gpt.py
"""

import math

from jit import torch  # with torch: import torch

nn = torch.nn
F = torch.nn.functional

TEXT = """Tell me, O Muse, of that ingenious hero who travelled far and wide after he had
sacked the famous town of Troy. Many cities did he visit, and many were the nations with
whose manners and customs he was acquainted; moreover he suffered much by sea while trying
to save his own life and bring his men safely home; but do what he might he could not save
his men, for they perished through their own sheer folly in eating the cattle of the
Sun-god Hyperion; so the god prevented them from ever reaching home.
"""
"""Homer's Odyssey in the translation of Samuel Butler, 1900; in the public domain."""

LETTERS = sorted(set(TEXT))
CONTEXT = 32


class Attention(nn.Module):
    """Causal attention of several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).split(width, dim=2)
        q = q.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        k = k.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        v = v.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        y = y.transpose(1, 2).contiguous().view(batch, length, width)
        return self.out(y)


class Block(nn.Module):
    """Attention and a perceptron, each behind a layer norm and around a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """Source: Radford et al., Language models are unsupervised multitask learners, 2019."""

    def __init__(self, letters: int, width: int = 32, heads: int = 4, depth: int = 2):
        super().__init__()
        self.token = nn.Embedding(letters, width)
        self.place = nn.Embedding(CONTEXT, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, letters, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        places = torch.arange(tokens.size(1))
        x = self.token(tokens) + self.place(places)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def read():
    """The text as numbers of letters."""
    return torch.tensor([LETTERS.index(letter) for letter in TEXT])


def make():
    """The model, its optimizer, and a function of a step's number that gives its loss."""
    model = GPT(len(LETTERS))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    text = read()

    def loss_of(step):
        starts = [(step * 37 + 53 * i) % (len(text) - CONTEXT - 1) for i in range(8)]
        tokens = torch.stack([text[s : s + CONTEXT] for s in starts])
        wanted = torch.stack([text[s + 1 : s + CONTEXT + 1] for s in starts])
        found = model(tokens)
        return F.cross_entropy(found.view(-1, len(LETTERS)), wanted.view(-1))

    return model, optimizer, loss_of


def continued(model, beginning, count):
    """A text with the letters that the model finds likeliest."""
    tokens = torch.tensor([[LETTERS.index(letter) for letter in beginning]])
    with torch.no_grad():
        for _ in range(count):
            found = model(tokens[:, -CONTEXT:])[:, -1].argmax(1, keepdim=True)
            tokens = torch.cat([tokens, found], dim=1)
    return "".join(LETTERS[i] for i in tokens[0].tolist())


def main() -> None:
    torch.manual_seed(0)
    model, optimizer, loss_of = make()
    print(
        f"a guess among {len(LETTERS)} letters has a loss of {math.log(len(LETTERS)):.2f}"
    )
    for step in range(200):
        optimizer.zero_grad()
        loss = loss_of(step)
        loss.backward()
        optimizer.step()
        if step % 40 == 39:
            print(f"step {step + 1:3}  loss {loss.item():.4f}")
    model.eval()
    print(continued(model, "Many cities", 60))


if __name__ == "__main__":
    main()
