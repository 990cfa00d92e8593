namespace PgListener.Testing;

/// <summary>The output of a program.</summary>
internal sealed record Printed(string Output, string Errors)
{
    public string All => Output + Errors;
}
