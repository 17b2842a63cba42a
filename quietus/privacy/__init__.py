"""What a person can ask of us: their data, who read it, erasure; and how long anything is kept."""
