using Microsoft.CodeAnalysis;

namespace PgListener.Analyzers;

/// <summary>What belongs to the library.</summary>
internal static class PgListenerApi
{
    /// <summary>Whether one of the library's packages declares it, and not the application.</summary>
    public static bool Declares(ISymbol symbol) => symbol.ContainingAssembly?.Name is "PgListener.Core" or "PgListener.Hosting";
}
