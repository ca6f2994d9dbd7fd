"""An LSTM that tells questions from statements, as it is written for torch: only the
import line differs.

    python examples/text_classifier.py
"""

from jit import torch  # with torch: import torch

nn = torch.nn
F = torch.nn.functional

SUBJECTS = [
    "the cat",
    "my sister",
    "the old man",
    "a sailor",
    "our teacher",
    "the king",
]
VERBS = ["sees", "likes", "paints", "forgets"]
OBJECTS = ["the sea", "a red house", "old songs", "the moon"]
LENGTH = 12


def sentences():
    """Sentences with 1 for questions and 0 for statements; there is no `?`."""
    for i, subject in enumerate(SUBJECTS):
        for j, verb in enumerate(VERBS):
            thing = OBJECTS[(i + 2 * j) % len(OBJECTS)]
            yield f"{subject} {verb} {thing}", 0
            yield f"does {subject} ever {verb.rstrip('s')} {thing}", 1
            yield f"what {verb} {subject}", 1
            yield f"{subject} says that {thing} is what he {verb}", 0


def read():
    """Words as numbers, filled up with zeros at the end; lengths; labels."""
    pairs = list(sentences())
    words = sorted({word for text, _ in pairs for word in text.split()})
    rows = [[words.index(word) + 1 for word in text.split()] for text, _ in pairs]
    tokens = torch.tensor([row + [0] * (LENGTH - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    return tokens, lengths, torch.tensor([label for _, label in pairs]), len(words) + 1


class Classifier(nn.Module):
    """Embedding, LSTM, and a linear layer on the state behind the last word."""

    def __init__(self, words: int, width: int = 16, hidden: int = 24) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.lstm = nn.LSTM(width, hidden, num_layers=2, batch_first=True)
        self.out = nn.Linear(hidden, 2)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        states, _ = self.lstm(self.embedding(tokens))
        last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, states.size(2))
        return self.out(states.gather(1, last).squeeze(1))


def make():
    """The model, its optimizer, and a function of a step's number that gives its loss."""
    tokens, lengths, labels, words = read()
    model = Classifier(words)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def loss_of(step):
        batch = slice(24 * (step % 4), 24 * (step % 4) + 24)
        return F.cross_entropy(model(tokens[batch], lengths[batch]), labels[batch])

    return model, optimizer, loss_of


def main() -> None:
    torch.manual_seed(0)
    model, optimizer, loss_of = make()
    for step in range(60):
        optimizer.zero_grad()
        loss = loss_of(step)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 12 == 11:
            print(f"step {step + 1:3}  loss {loss.item():.4f}")
    model.eval()
    tokens, lengths, labels, _ = read()
    with torch.no_grad():
        right = (model(tokens, lengths).argmax(1) == labels).float().mean().item()
    print(f"right on what it learned: {right:.1%}")


if __name__ == "__main__":
    main()
