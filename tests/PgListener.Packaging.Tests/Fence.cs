namespace PgListener.Packaging.Tests;

/// <summary>A fenced block of a document.</summary>
/// <param name="Document">Where it stands.</param>
/// <param name="Line">The number of its first line.</param>
/// <param name="Info">The language, and what else stands after the fence.</param>
/// <param name="Text">What it says.</param>
internal sealed record Fence(string Document, int Line, string Info, string Text)
{
    public string Language => Info.Split(' ')[0];
}
