namespace PgListener.Testing;

/// <summary>What a program wrote.</summary>
internal sealed record Printed(string Output, string Errors)
{
    public string All => Output + Errors;
}
