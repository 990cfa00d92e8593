using Microsoft.CodeAnalysis;

namespace PgListener.Analyzers;

/// <summary>Recognises the members of the library.</summary>
internal static class PgListenerApi
{
    /// <summary>Whether a package of the library declares it.</summary>
    public static bool Declares(ISymbol symbol) => symbol.ContainingAssembly?.Name is "PgListener.Core" or "PgListener.Hosting";
}
